#pragma once

#include <algorithm>
#include <map>
#include <set>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/data/text/caption_words.hpp>
#include <t2ue/data/text/pair.hpp>

namespace t2ue {

T2UE_INLINE int32_t CaptionKeywords::group_of(const std::string& caption) const {
  check(!words.empty(), "keywords", "there are none, so captions have no group");
  const std::set<std::string> present = words_of(caption);
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const std::string& word) { return present.count(word) > 0; });
  return static_cast<int32_t>(found - words.begin());
}

T2UE_INLINE std::vector<int> CaptionKeywords::counts_in(const std::string& text) const {
  std::vector<int> counts(words.size(), 0);
  for (const std::string& line : lines_of(text)) {
    const std::set<std::string> present = words_of(line);
    for (size_t w = 0; w < words.size(); ++w)
      if (present.count(words[w]) > 0) ++counts[w];
  }
  return counts;
}

T2UE_INLINE std::string CaptionKeywords::prompt(int32_t group) const {
  check(group >= 0 && group < groups(), "keywords", "there are ", groups(), " groups, no group ", group);
  return group + 1 < groups() ? words[static_cast<size_t>(group)] : "picture";
}

T2UE_INLINE std::vector<std::string> CaptionKeywords::prompts() const {
  std::vector<std::string> all;
  for (int32_t group = 0; group < groups(); ++group) all.push_back(prompt(group));
  return all;
}

T2UE_INLINE std::string CaptionKeywords::reduce(const std::string& caption) const {
  return words.empty() ? caption : prompt(group_of(caption));
}

T2UE_INLINE CaptionKeywords CaptionKeywords::learn(std::span<const std::string> captions, int64_t groups) {
  check(groups >= 2, "keywords", groups, " groups of captions; need at least 2");
  const std::set<std::string> distinct(captions.begin(), captions.end());
  std::vector<std::set<std::string>> left;  // the words of captions that have no keyword yet
  std::map<std::string, size_t> captions_with;
  for (const std::string& caption : distinct) {
    left.push_back(words_of(caption));
    for (const std::string& word : left.back()) ++captions_with[word];
  }
  CaptionKeywords keywords;
  while (static_cast<int64_t>(keywords.words.size()) + 1 < groups) {
    std::map<std::string, size_t> count;
    for (const auto& words : left)
      for (const std::string& word : words)
        if (word.size() >= 3 && captions_with.at(word) * 4 <= distinct.size()) ++count[word];
    const auto most = std::max_element(count.begin(), count.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == count.end()) break;
    keywords.words.push_back(most->first);
    std::erase_if(left, [&](const auto& words) { return words.count(most->first) > 0; });
  }
  check(!keywords.words.empty(), "keywords",
        "no word of three letters or more is in at most a quarter of the ", distinct.size(),
        " distinct captions; make noise without keywords");
  return keywords;
}

}  // namespace t2ue
