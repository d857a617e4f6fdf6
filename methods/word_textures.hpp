// Textures of all the keywords of an item, added up. A text tower learns such words first; this gives it a
// shortcut for each of them, not only for the first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/methods/textures.hpp>

namespace t2ue {

/// Training-free. Every keyword (CaptionKeywords) has a texture. An item's noise is eps times the sign of the
/// sum of its words' textures, each weighted by how many of the item's captions (lines of NoiseItem::caption)
/// hold the word. A picture's likeness to *any* of its common words is then cheaper to read off the noise
/// than off the picture.
class WordTextures final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    MethodCard card =
        training_free_card("word_textures", "the textures of all keywords of captions, laid over each other",
                           false, linf_budget("word_textures", eps_steps));
    card.needs_text = true;
    card.resampler = Resampler::tile;
    return card;
  }

  /// Learns up to `words` keywords from `captions`, and lays at most `together` of them over each other:
  /// those that most captions of the item hold, of equals those that come first. An item without any gets the
  /// texture after the last word's. Noises of texture_period x texture_period at +-eps_steps, to be tiled.
  /// Error for an eps out of range, together < 1, more words than textures, and as CaptionKeywords::learn().
  WordTextures(std::span<const std::string> captions, int64_t words, int together, int eps_steps)
      : ItemwiseSource(describe(eps_steps), texture_period, texture_period),
        together_(together),
        eps_steps_(eps_steps) {
    check(words < texture_count, card().name, words,
          " words, and one texture for none of them, are more than ", texture_count,
          " textures; use fewer words");
    check(together >= 1, card().name, together, " words together; at least 1");
    keywords_ = CaptionKeywords::learn(captions, words + 1);
  }

  const CaptionKeywords& keywords() const { return keywords_; }

  /// How many of the lines of `captions` hold each keyword, in the keywords' order.
  std::vector<int> weights_of(const std::string& captions) const { return keywords_.counts_in(captions); }

 private:
  Noise noise_of(const NoiseItem& item) const override {
    check(!item.caption.empty(), card().name, "the item \"", item.key, "\" has no caption");
    const std::vector<int> weights = weights_of(item.caption);
    std::vector<size_t> chosen;
    for (size_t w = 0; w < weights.size(); ++w)
      if (weights[w] > 0) chosen.push_back(w);
    std::stable_sort(chosen.begin(), chosen.end(),
                     [&](size_t a, size_t b) { return weights[a] > weights[b]; });
    chosen.resize(std::min(chosen.size(), static_cast<size_t>(together_)));
    if (chosen.empty()) return texture_noise(static_cast<int>(weights.size()), eps_steps_);

    // Twice the sum, and once the first word's: its sign where the others cancel out.
    std::vector<int> sum(values(), 0);
    for (size_t i = 0; i < chosen.size(); ++i) {
      const std::vector<int8_t> signs = texture_signs(static_cast<int>(chosen[i]), texture_period);
      for (size_t p = 0; p < sum.size(); ++p) sum[p] += (2 * weights[chosen[i]] + (i == 0)) * signs[p];
    }
    Noise noise{height(), width(), {}};
    for (const int value : sum)
      noise.steps.push_back(static_cast<int8_t>(value > 0 ? eps_steps_ : -eps_steps_));
    return noise;
  }

  int together_, eps_steps_;
  CaptionKeywords keywords_;
};

/// What a generator of size x size starts from where every text has a noise of its own (Conditions::start):
/// the noise that WordTextures, which learns from the same texts, gives each. A text is one or more captions
/// (joined_captions()). Error for a size that textures do not tile, or more than 2^30 signs in all.
inline std::vector<float> word_texture_starts(std::span<const std::string> texts, int64_t size,
                                              int64_t words = 32, int together = 4) {
  check(size % texture_period == 0, "textures", "a size of ", size, " is not a multiple of ", texture_period);
  check(static_cast<int64_t>(texts.size()) <= (int64_t{1} << 30) / (size * size * 3), "textures",
        texts.size(), " captions want a pattern of ", size, "x", size,
        " each to start from, too many to keep; use keywords, fewer captions, or no warm start");
  std::vector<NoiseItem> items;
  for (const std::string& text : texts) items.push_back({"start", text, {}, nullptr});
  const auto side = static_cast<int>(size);
  std::vector<float> starts;
  starts.reserve(texts.size() * static_cast<size_t>(size * size * 3));
  for (const Noise& noise : WordTextures(texts, words, together, 1).make(items)) {
    const Noise whole = resample_noise(noise, side, side, Resampler::tile);
    starts.insert(starts.end(), whole.steps.begin(), whole.steps.end());
  }
  return starts;
}

/// Conditions::start of a generator of size x size that is told `texts`: a texture a text where those name
/// groups (keywords, classes), the textures of their words where they are captions.
inline std::vector<float> pattern_starts(std::span<const std::string> texts, bool groups, int64_t size) {
  return groups ? texture_starts(static_cast<int64_t>(texts.size()), size) : word_texture_starts(texts, size);
}

}  // namespace t2ue
