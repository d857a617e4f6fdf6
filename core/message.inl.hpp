#pragma once

#include <fmt/core.h>

#include <t2ue/core/message.hpp>

namespace t2ue::detail {

// Of <fmt/core.h> only what the library exports by plain names, format() and print(): clang mangles its
// templates otherwise than gcc, which compiled it.
T2UE_INLINE void TextPart::append_to(std::string& text) const {
  switch (kind_) {
    case Kind::text:
      text.append(text_, size_);
      break;
    case Kind::character:
      text += character_;
      break;
    case Kind::integer:
      text += fmt::format("{}", integer_);
      break;
    case Kind::natural:
      text += fmt::format("{}", natural_);
      break;
    case Kind::real:
      text += fmt::format("{:g}", real_);
      break;
    case Kind::object:
      text += write_(object_);
      break;
  }
}

T2UE_INLINE std::string TextPart::quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

T2UE_INLINE std::string joined(std::initializer_list<TextPart> parts) {
  std::string text;
  for (const TextPart& part : parts) part.append_to(text);
  return text;
}

}  // namespace t2ue::detail
