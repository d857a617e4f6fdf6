#pragma once

#include <t2ue/core/error.hpp>

namespace t2ue::detail {

T2UE_INLINE void throw_error(std::string_view where, std::initializer_list<TextPart> parts) {
  throw Error(concat("[", where, "] ", joined(parts)));
}

}  // namespace t2ue::detail
