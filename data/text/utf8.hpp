// UTF-8: whether bytes are valid, and the byte order mark that some editors put in front.
#pragma once

#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool valid_utf8(std::string_view text);

/// Without the byte order mark that some editors put in front of UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/utf8.inl.hpp>
#endif
