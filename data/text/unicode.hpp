// Unicode as captions need it: classes, case and normal forms of code points, from utf8proc's tables.
#pragma once

#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue::unicode {

/// The code points of UTF-8 text. Throws Error naming the first byte that is not well-formed UTF-8.
std::u32string decode(std::string_view text);
/// `text` with U+FFFD for every byte that belongs to no well-formed UTF-8.
std::string replace_invalid(std::string_view text);
/// Appends a code point (no surrogate, at most U+10FFFF) as UTF-8.
void append(std::string& text, char32_t point);
std::string encode(std::u32string_view text);

/// General category L.
bool is_letter(char32_t point);
/// General category N: decimal digits, and others such as fractions, superscripts and Roman numerals.
bool is_number(char32_t point);
/// General category Nd.
bool is_decimal_digit(char32_t point);
/// The property White_Space.
bool is_space(char32_t point);

/// Full lower case without a language: a capital sigma at the end of a word becomes the final one
/// (Unicode 3.13, Final_Sigma), and U+0130 becomes two code points. As Python's str.lower.
std::u32string lower(std::u32string_view text);
/// Lower to upper case one by one: what is more than one code point in upper case, such as U+00DF, stays.
char32_t simple_upper(char32_t point);

/// Normalization Form C, or KC.
std::u32string nfc(std::u32string_view text);
std::u32string nfkc(std::u32string_view text);

/// The character of windows-1252 for a byte of 0x80..0x9F; the five that it leaves out stay as they are.
char32_t windows_1252(char32_t byte);

}  // namespace t2ue::unicode

#if !T2UE_COMPILED
#include <t2ue/data/text/unicode.inl.hpp>
#endif
