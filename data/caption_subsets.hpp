// Some of a picture's captions instead of all of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/pair.hpp>

namespace t2ue {

/// Of each text of one or more captions (joined_captions()) the text itself and then `subsets` texts of some
/// of its captions, drawn by the number of the text: [texts, 1 + subsets]. A generator that is trained on
/// them all meets more wordings, and not only those of the pictures' whole sets.
inline std::vector<std::string> caption_subsets(std::span<const std::string> texts, int subsets) {
  std::vector<std::string> all;
  all.reserve(texts.size() * static_cast<size_t>(1 + subsets));
  for (size_t i = 0; i < texts.size(); ++i) {
    all.push_back(texts[i]);
    const std::vector<std::string> lines = lines_of(texts[i]);
    Random random(0, Purpose::caption_subset, i);
    for (int k = 0; k < subsets; ++k) {
      const auto wanted = 1 + random.below(static_cast<uint32_t>(lines.size()));
      std::vector<std::string> some;  // in their order: the j-th left of n with probability wanted/n
      for (size_t at = 0; some.size() < wanted; ++at)
        if (random.below(static_cast<uint32_t>(lines.size() - at)) < wanted - some.size())
          some.push_back(lines[at]);
      all.push_back(joined_captions(some));
    }
  }
  return all;
}

}  // namespace t2ue
