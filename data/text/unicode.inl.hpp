#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/unicode.hpp>

namespace t2ue {
namespace detail {

inline utf8proc_category_t category(char32_t point) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(point));
}

/// Reads the code point that `text`, which is not empty, begins with. How many bytes it has; 0, and `point`
/// stays, if they are not valid.
inline size_t take_point(std::string_view text, char32_t& point) {
  utf8proc_int32_t read = 0;
  const utf8proc_ssize_t used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                 static_cast<utf8proc_ssize_t>(text.size()), &read);
  if (used <= 0) return 0;
  point = static_cast<char32_t>(read);
  return static_cast<size_t>(used);
}

/// Cased and not Case_Ignorable (Unicode 3.13): what makes a sigma beside it stand inside a word.
inline bool cased(char32_t c) {
  const auto kind = category(c);
  return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LT) || c == 0xAA || c == 0xBA ||
         (c >= 0x2160 && c <= 0x217F) || (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
         (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

/// Case_Ignorable: marks, modifiers, formats, and signs that may stand inside a word.
inline bool case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::u32string_view(
                 U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A")
                 .find(c) != std::u32string_view::npos;
  }
}

inline bool final_sigma(std::u32string_view text, size_t at) {
  size_t before = at;
  while (before > 0 && case_ignorable(text[before - 1])) --before;
  if (before == 0 || !cased(text[before - 1])) return false;
  size_t after = at + 1;
  while (after < text.size() && case_ignorable(text[after])) ++after;
  return after == text.size() || !cased(text[after]);
}

inline std::u32string normal_form(std::u32string_view text, int options) {
  const std::string bytes = unicode::encode(text);
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()), static_cast<utf8proc_ssize_t>(bytes.size()),
      &raw, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, std::free);
  check(size >= 0, "unicode", "a text cannot be normalised: ", utf8proc_errmsg(size));
  return unicode::decode({reinterpret_cast<const char*>(raw), static_cast<size_t>(size)});
}

}  // namespace detail

namespace unicode {

T2UE_INLINE std::u32string decode(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    char32_t point = 0;
    const size_t used = detail::take_point(text.substr(at), point);
    check(used > 0, "unicode", "byte ", at, " of the text is not valid UTF-8; save it as UTF-8");
    points += point;
    at += used;
  }
  return points;
}

T2UE_INLINE std::string replace_invalid(std::string_view text) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    char32_t point = 0xFFFD;
    at += std::max<size_t>(detail::take_point(text.substr(at), point), 1);
    append(valid, point);
  }
  return valid;
}

T2UE_INLINE void append(std::string& text, char32_t point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
}

T2UE_INLINE std::string encode(std::u32string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (const char32_t point : text) append(bytes, point);
  return bytes;
}

T2UE_INLINE bool is_letter(char32_t point) {
  const auto kind = detail::category(point);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

T2UE_INLINE bool is_number(char32_t point) {
  const auto kind = detail::category(point);
  return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

T2UE_INLINE bool is_decimal_digit(char32_t point) {
  return detail::category(point) == UTF8PROC_CATEGORY_ND;
}

T2UE_INLINE bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

T2UE_INLINE std::u32string lower(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == 0x130)
      result += U"i\u0307";
    else if (text[i] == 0x3A3)
      result += detail::final_sigma(text, i) ? char32_t{0x3C2} : char32_t{0x3C3};
    else
      result += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(text[i])));
  }
  return result;
}

T2UE_INLINE char32_t simple_upper(char32_t point) {
  // utf8proc has the capital sharp s, which Unicode's own mapping has not.
  if (point == 0xDF) return point;
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(point)));
}

T2UE_INLINE std::u32string nfc(std::u32string_view text) {
  // Everything below U+0300, the first combining mark, is in form C as it stands.
  const bool plain = std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; });
  return plain ? std::u32string(text) : detail::normal_form(text, 0);
}

T2UE_INLINE std::u32string nfkc(std::u32string_view text) {
  return detail::normal_form(text, UTF8PROC_COMPAT);
}

T2UE_INLINE char32_t windows_1252(char32_t byte) {
  static constexpr char32_t table[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                         0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                         0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                         0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  check(byte >= 0x80 && byte <= 0x9F, "unicode", "windows-1252 is asked for ", static_cast<uint32_t>(byte),
        ", which is not in 128..159");
  return table[byte - 0x80];
}

}  // namespace unicode
}  // namespace t2ue
