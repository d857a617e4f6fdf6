#pragma once

#include <algorithm>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/fix_text.hpp>
#include <t2ue/data/text/html_unescape.hpp>
#include <t2ue/data/text/unicode.hpp>

namespace t2ue {
namespace detail {

inline std::u32string_view without_ligature(char32_t c) {
  static constexpr std::pair<char32_t, std::u32string_view> table[] = {
      {0x132, U"IJ"},       {0x133, U"ij"},  {0x149, U"\u02BCn"}, {0x1C4, U"D\u017D"}, {0x1C5, U"D\u017E"},
      {0x1C6, U"d\u017E"},  {0x1C7, U"LJ"},  {0x1C8, U"Lj"},      {0x1C9, U"lj"},      {0x1CA, U"NJ"},
      {0x1CB, U"Nj"},       {0x1CC, U"nj"},  {0x1F1, U"DZ"},      {0x1F2, U"Dz"},      {0x1F3, U"dz"},
      {0xFB00, U"ff"},      {0xFB01, U"fi"}, {0xFB02, U"fl"},     {0xFB03, U"ffi"},    {0xFB04, U"ffl"},
      {0xFB05, U"\u017Ft"}, {0xFB06, U"st"}};
  for (const auto& [ligature, letters] : table)
    if (c == ligature) return letters;
  return {};
}

inline void append_fixed(std::u32string& out, char32_t c) {
  if (c < 0x80) {
    out += c;
    return;
  }
  if (c <= 0x9F) c = unicode::windows_1252(c);
  if (const std::u32string_view letters = without_ligature(c); !letters.empty())
    out += letters;
  else if (c == 0x3000)
    out += U' ';
  else if (c >= 0xFF01 && c <= 0xFFEF)
    out += unicode::nfkc({&c, 1});
  else if (c >= 0x2018 && c <= 0x201B)
    out += U'\'';
  else if (c >= 0x201C && c <= 0x201F)
    out += U'"';
  else if (c == 0x2028 || c == 0x2029)
    out += U'\n';
  else
    out += c;
}

/// '\r' and "\r\n" to '\n'; terminals' colour codes and control characters removed.
inline std::u32string without_controls(std::u32string_view text) {
  const auto removed = [](char32_t c) {
    return (c < 0x20 && c != U'\t' && c != U'\n' && c != U'\f' && c != U'\r') || c == 0x7F ||
           (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
  };
  const auto letter = [](char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); };
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    const char32_t c = text[at];
    if (c == U'\r') {
      if (at + 1 == text.size() || text[at + 1] != U'\n') out += U'\n';
    } else if (c == 0x1B && at + 1 < text.size() && text[at + 1] == U'[') {
      size_t end = at + 2;
      while (end < text.size() && (text[end] == U';' || unicode::is_decimal_digit(text[end]))) ++end;
      if (end < text.size() && letter(text[end])) at = end;  // otherwise only the escape character goes
    } else if (!removed(c)) {
      out += c;
    }
  }
  return out;
}

inline std::u32string fix_line(std::u32string line, bool unescape) {
  for (int round = 0; round <= 100; ++round) {
    std::u32string fixed;
    for (const char32_t c : unescape ? html_unescape_careful(line) : line) append_fixed(fixed, c);
    fixed = unicode::nfc(without_controls(fixed));
    if (fixed == line) return line;
    line = std::move(fixed);
  }
  fail("text", "HTML references nest more than 100 deep; no text means that");
}

}  // namespace detail

T2UE_INLINE std::u32string fix_text(std::u32string_view text) {
  std::u32string out;
  bool unescape = true;
  while (!text.empty()) {
    const size_t end = text.find(U'\n');
    const std::u32string_view line = text.substr(0, end == std::u32string_view::npos ? end : end + 1);
    text.remove_prefix(line.size());
    unescape = unescape && line.find(U'<') == std::u32string_view::npos;
    out += detail::fix_line(std::u32string(line), unescape);
  }
  return out;
}

}  // namespace t2ue
