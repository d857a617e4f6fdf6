// One texture for every keyword of captions. A T2UE generator with keywords starts from these; this method
// uses them without a generator.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/methods/textures.hpp>

namespace t2ue {

/// Training-free: every caption gets the texture numbered as its group (CaptionKeywords), tiled. The control
/// for what training a generator adds to its start.
class KeywordTextures final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    MethodCard card =
        training_free_card("keyword_textures", "one texture a keyword of captions, known to survive shifts",
                           false, linf_budget("keyword_textures", eps_steps));
    card.needs_text = true;
    card.resampler = Resampler::tile;
    return card;
  }

  /// Learns up to `groups` groups from `captions`. Noises of texture_period x texture_period at +-eps_steps,
  /// to be tiled. Error for an eps out of range, more groups than textures, and as CaptionKeywords::learn().
  KeywordTextures(std::span<const std::string> captions, int64_t groups, int eps_steps)
      : ItemwiseSource(describe(eps_steps), texture_period, texture_period), eps_steps_(eps_steps) {
    check(groups <= texture_count, card().name, groups, " groups want a texture each, there are ",
          texture_count, "; use fewer keywords");
    keywords_ = CaptionKeywords::learn(captions, groups);
  }

  const CaptionKeywords& keywords() const { return keywords_; }

 private:
  Noise noise_of(const NoiseItem& item) const override {
    check(!item.caption.empty(), card().name, "the item \"", item.key, "\" has no caption");
    return texture_noise(keywords_.group_of(item.caption), eps_steps_);
  }

  int eps_steps_;
  CaptionKeywords keywords_;
};

}  // namespace t2ue
