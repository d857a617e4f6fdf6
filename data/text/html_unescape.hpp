// HTML's character references back to characters.
#pragma once

#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Every character reference of `text` as the character it stands for, by the rules of the HTML standard for
/// text: named ones (html_entities.hpp; the old names also without ';', as the longest beginning of what
/// follows), decimal and hexadecimal ones. 0x80..0x9F are read as windows-1252; 0, surrogates and numbers
/// above U+10FFFF become U+FFFD; other controls and noncharacters become nothing. What is no reference stays.
/// One pass: "&amp;lt;" becomes "&lt;". The same as Python's html.unescape.
std::u32string html_unescape(std::u32string_view text);

/// Only those that end in ';' and whose names have at most 24 letters; but also names in capitals, such as
/// "&NTILDE;", where HTML has them in lower case only. As ftfy's unescape_html.
std::u32string html_unescape_careful(std::u32string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/html_unescape.inl.hpp>
#endif
