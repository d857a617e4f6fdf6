// One captioned picture of a list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace t2ue {

/// One item: a picture with its captions, its class, or both.
struct Pair {
  std::string key;  ///< unique in its list; also names files, so it is a relative path itself
  std::filesystem::path
      picture;  ///< relative to the list's folder, '/' between parts; empty if the list has none
  std::vector<std::string> captions;  ///< UTF-8, none empty; there may be none if there is a label
  std::string label;                  ///< the class; empty if none
};

/// A picture's captions as one text, a line each: what a noise that is made from all of them is made from.
inline std::string joined_captions(std::span<const std::string> captions) {
  std::string joined;
  for (const std::string& caption : captions) joined += (joined.empty() ? "" : "\n") + caption;
  return joined;
}

/// The captions of joined_captions(): the lines of a text that are not blank, or the text itself if all are.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (text.find_first_not_of(" \t\r\n", begin) < end) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (lines.empty()) lines.push_back(text);
  return lines;
}

struct CaptionLimits {
  size_t max_caption_bytes = 10'000;
  uint64_t max_file_bytes = uint64_t{1} << 32;
};

}  // namespace t2ue
