// Splits a caption into words.
#pragma once

#include <set>
#include <string>
#include <utility>

namespace t2ue {

/// The words of a caption in lower case: runs of ASCII letters and digits, and of bytes beyond ASCII.
inline std::set<std::string> words_of(const std::string& caption) {
  std::set<std::string> words;
  std::string word;
  for (size_t i = 0; i <= caption.size(); ++i) {
    const char c = i < caption.size() ? caption[i] : ' ';
    if (c >= 'A' && c <= 'Z')
      word += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
      word += c;
    else if (!word.empty())
      words.insert(std::exchange(word, {}));
  }
  return words;
}

}  // namespace t2ue
