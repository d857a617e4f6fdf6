// How CLIP cuts a cleaned text into words, before pairs are joined.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <t2ue/data/text/unicode.hpp>

namespace t2ue::detail {

enum class ClipKind : uint8_t { space, letter, number, sign };

inline ClipKind clip_kind_of_any(char32_t c) {
  // U+0345 is an iota in capitals, so that a pattern that ignores case takes it for no sign, and for no
  // letter.
  if (unicode::is_space(c) || c == 0x345) return ClipKind::space;
  return unicode::is_letter(c) ? ClipKind::letter : unicode::is_number(c) ? ClipKind::number : ClipKind::sign;
}

inline ClipKind clip_kind(char32_t c) {
  static const auto ascii = [] {
    std::array<ClipKind, 128> kinds{};
    for (char32_t i = 0; i < 128; ++i) kinds[i] = clip_kind_of_any(i);
    return kinds;
  }();
  return c < 128 ? ascii[c] : clip_kind_of_any(c);
}

/// Whether `text` begins with `pattern`, which is in lower case; a long s is an s where case is ignored.
template <class Char>
bool begins_with(std::basic_string_view<Char> text, std::string_view pattern) {
  return text.size() >= pattern.size() &&
         std::equal(pattern.begin(), pattern.end(), text.begin(), [](char expected, Char c) {
           return static_cast<char32_t>(c) == static_cast<char32_t>(expected) ||
                  (expected == 's' && static_cast<char32_t>(c) == 0x17F);
         });
}

/// The length of the word that `text`, which does not begin with space, begins with: the first that matches
/// of
/// <|startoftext|> | <|endoftext|> | 's | 't | 're | 've | 'm | 'll | 'd | [\p{L}]+ | [\p{N}] |
/// [^\s\p{L}\p{N}]+
template <class Char>
size_t clip_word_length(std::basic_string_view<Char> text) {
  static constexpr std::string_view fixed[] = {
      "<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  if (text[0] == '<' || text[0] == '\'')
    for (const std::string_view word : fixed)
      if (begins_with(text, word)) return word.size();
  const ClipKind kind = clip_kind(static_cast<char32_t>(text[0]));
  size_t length = 1;
  if (kind == ClipKind::number) return length;
  while (length < text.size() && clip_kind(static_cast<char32_t>(text[length])) == kind) ++length;
  return length;
}

/// Calls visit(word) for every word of a cleaned text (ASCII, or code points) until it returns false.
template <class Char, class Visit>
void for_each_clip_word(std::basic_string_view<Char> text, const Visit& visit) {
  while (!text.empty()) {
    if (clip_kind(static_cast<char32_t>(text[0])) == ClipKind::space) {
      text.remove_prefix(1);
      continue;
    }
    const size_t length = clip_word_length(text);
    if (!visit(text.substr(0, length))) return;
    text.remove_prefix(length);
  }
}

}  // namespace t2ue::detail
