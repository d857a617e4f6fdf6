#pragma once

#include <cstdint>

#include <t2ue/data/text/utf8.hpp>

namespace t2ue {

T2UE_INLINE bool valid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    const size_t more = lead >= 0xC2 && lead <= 0xDF   ? 1
                        : (lead & 0xF0) == 0xE0        ? 2
                        : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                       : 0;
    if (more == 0 || text.size() - i < more) return false;
    const auto second = static_cast<uint8_t>(text[i]);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return false;
    for (size_t k = 0; k < more; ++k)
      if ((static_cast<uint8_t>(text[i++]) & 0xC0) != 0x80) return false;
  }
  return true;
}

T2UE_INLINE std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

}  // namespace t2ue
