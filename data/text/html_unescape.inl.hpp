#pragma once

#include <algorithm>
#include <cstdint>

#include <t2ue/data/text/html_entities.hpp>
#include <t2ue/data/text/html_unescape.hpp>
#include <t2ue/data/text/unicode.hpp>

namespace t2ue {
namespace detail {

inline bool ascii_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}
inline bool ascii_alphanumeric(char32_t c) {
  return ascii_digit(c) || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}
/// The value of a hexadecimal digit, or 16.
inline uint32_t hex_value(char32_t c) {
  if (ascii_digit(c)) return c - U'0';
  if (c >= U'a' && c <= U'f') return c - U'a' + 10;
  if (c >= U'A' && c <= U'F') return c - U'A' + 10;
  return 16;
}

inline void append_numbered_character(std::u32string& out, uint32_t number) {
  if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF)
    out += char32_t{0xFFFD};
  else if (number >= 0x80 && number <= 0x9F)
    out += unicode::windows_1252(number);
  else if ((number < 0x20 && (number < 0x09 || number > 0x0D || number == 0x0B)) || number == 0x7F ||
           (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE)
    return;
  else
    out += static_cast<char32_t>(number);
}

/// Reads the numeric reference behind "&", from '#' to its ';' if it has one. How many characters it takes;
/// 0, and nothing is appended, if it is none.
inline size_t take_numeric_reference(std::u32string_view rest, std::u32string& out) {
  const bool hex = rest.size() > 1 && (rest[1] == U'x' || rest[1] == U'X');
  const uint32_t base = hex ? 16 : 10;
  const size_t first = hex ? 2 : 1;
  size_t at = first;
  uint32_t number = 0;
  for (; at < rest.size() && hex_value(rest[at]) < base; ++at)
    number = std::min<uint32_t>(number * base + hex_value(rest[at]), 0x110000);  // what is above is all one
  if (at == first) return 0;
  append_numbered_character(out, number);
  return at + (at < rest.size() && rest[at] == U';');
}

/// The same for the named reference behind "&"; what no name is found in is appended as it is, with its '&'.
inline size_t take_named_reference(std::u32string_view rest, std::u32string& out) {
  size_t size = std::min<size_t>(rest.find_first_of(U"\t\n\f <&#;"), std::min<size_t>(rest.size(), 32));
  if (size == 0) return 0;
  std::string name;  // as far as it can be one
  while (name.size() < size && ascii_alphanumeric(rest[name.size()]))
    name += static_cast<char>(rest[name.size()]);
  if (size < rest.size() && rest[size] == U';') {
    const auto characters = name.size() == size ? html_entity(name) : std::nullopt;
    if (characters) {
      out += *characters;
      return size + 1;
    }
    ++size;
  }
  for (; name.size() >= 2; name.pop_back())
    if (const auto characters = html_entity_without_semicolon(name)) {
      out += *characters;
      out += rest.substr(name.size(), size - name.size());
      return size;
    }
  out += U'&';
  out += rest.substr(0, size);
  return size;
}

/// What "&NAME;" stands for to ftfy.
inline std::optional<std::u32string> careful_entity(std::string name) {
  if (auto characters = html_entity(name)) return characters;
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (std::any_of(name.begin(), name.end(), is_lower)) return std::nullopt;
  for (size_t size = name.size(); size >= 2; --size)  // it would be taken as an old name and a rest
    if (html_entity_without_semicolon(std::string_view(name).substr(0, size))) return std::nullopt;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto small = html_entity(name);
  if (!small) return std::nullopt;
  if (name == "szlig") return U"SS";
  if (name == "napos") return U"\u02BCN";
  if (name.ends_with("lig") && small->front() >= 0xFB00) {  // ff, fi, fl, ffi, ffl: spelt out
    std::u32string letters;
    for (const char c : name.substr(0, name.size() - 3)) letters += static_cast<char32_t>(c - 32);
    return letters;
  }
  std::u32string capitals;
  for (const char32_t c : *small) capitals += unicode::simple_upper(c);
  return capitals;
}

}  // namespace detail

T2UE_INLINE std::u32string html_unescape(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char32_t c = text[at++];
    const size_t taken = c != U'&' || at == text.size() ? 0
                         : text[at] == U'#'             ? detail::take_numeric_reference(text.substr(at), out)
                                                        : detail::take_named_reference(text.substr(at), out);
    if (taken == 0) out += c;
    at += taken;
  }
  return out;
}

T2UE_INLINE std::u32string html_unescape_careful(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char32_t c = text[at++];
    if (c != U'&') {
      out += c;
      continue;
    }
    const bool numeric = at < text.size() && text[at] == U'#';
    std::string name;
    size_t end = at + numeric;
    while (end < text.size() && detail::ascii_alphanumeric(text[end]) && name.size() <= 24)
      name += static_cast<char>(text[end++]);
    const bool reference = !name.empty() && name.size() <= 24 && end < text.size() && text[end] == U';';
    std::u32string characters;
    bool known = false;
    if (reference && numeric) {
      known =
          detail::take_numeric_reference(text.substr(at), characters) == end + 1 - at && characters != U";";
    } else if (reference) {
      const auto entity = detail::careful_entity(name);
      known = entity.has_value();
      if (known) characters = *entity;
    }
    if (known) {
      out += characters;
      at = end + 1;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace t2ue
