// Keywords that sort captions into groups. A text tower first learns words that many captions share. So one
// noise for all captions with such a word is a faster shortcut than anything in the pictures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Keywords in order of precedence. Without any, every caption stands for itself.
struct CaptionKeywords {
  std::vector<std::string> words;  ///< lower case

  /// Groups of captions: one a keyword, and one for captions without any; 0 without keywords.
  int64_t groups() const { return words.empty() ? 0 : static_cast<int64_t>(words.size()) + 1; }
  /// The group of a caption: the first keyword that it holds as a whole word, whatever its case, or the last
  /// group. Error without keywords.
  int32_t group_of(const std::string& caption) const;
  /// How many of the captions (lines) of `text` hold each keyword as a whole word, in the keywords' order.
  std::vector<int> counts_in(const std::string& text) const;
  /// What the text tower reads for a group: its keyword, or "picture" for the last group.
  std::string prompt(int32_t group) const;
  /// The prompts of all groups; none without keywords.
  std::vector<std::string> prompts() const;
  /// What the text tower reads for a caption: its group's prompt, or the caption itself without keywords.
  std::string reduce(const std::string& caption) const;

  /// Keywords that part distinct captions into up to `groups` groups. Each next word is the one that most
  /// captions without a keyword hold (the first in the alphabet of equals), among words of three letters and
  /// more in at most a quarter of all. Error for less than two groups, or captions without such a word.
  static CaptionKeywords learn(std::span<const std::string> captions, int64_t groups);
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/caption_keywords.inl.hpp>
#endif
