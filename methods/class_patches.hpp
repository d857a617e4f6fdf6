// The training-free shortcut: one random pattern of square sign blocks for every class or caption cluster.
#pragma once

#include <t2ue/methods/random_sign.hpp>

namespace t2ue {

/// Every item of a class gets the class's pattern: blocks of patch x patch noise pixels (cut at the right and
/// lower edge), each with a random sign for each channel, from Random(seed, Purpose::sign_noise, label).
class ClassPatches : public NoiseSource {
 public:
  /// Noises of height x width x 3 at +-eps_steps. Throws Error for a size, eps or patch out of range.
  ClassPatches(int height, int width, int patch, int eps_steps, uint64_t seed)
      : card_(detail::sign_card("class_patches", true, "one random sign pattern of square blocks a class",
                                height, width, eps_steps)),
        height_(height),
        width_(width),
        patch_(patch),
        eps_steps_(eps_steps),
        seed_(seed) {
    check(patch > 0, "noise", "class_patches: a patch of ", patch, " pixels is not positive");
  }

  const MethodCard& card() const override { return card_; }

  std::vector<Noise> make(std::span<const NoiseItem> items) override {
    std::vector<Noise> noises;
    for (const NoiseItem& item : items) {
      check(item.label.has_value() && *item.label >= 0, "noise", "class_patches: the item \"", item.key,
            "\" has no class; give every item a label of at least 0");
      noises.push_back(pattern(*item.label));
    }
    return noises;
  }

 private:
  Noise pattern(int label) const {
    const int rows = (height_ + patch_ - 1) / patch_;
    const int columns = (width_ + patch_ - 1) / patch_;
    const size_t blocks = static_cast<size_t>(rows) * static_cast<size_t>(columns);
    const Random random(seed_, Purpose::sign_noise, static_cast<uint64_t>(label));
    const std::vector<int8_t> signs = detail::random_signs(random, blocks * 3, eps_steps_);
    Noise noise{height_, width_, {}};
    noise.steps.reserve(static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3);
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x) {
        const auto block =
            static_cast<size_t>(y / patch_) * static_cast<size_t>(columns) + static_cast<size_t>(x / patch_);
        for (size_t c = 0; c < 3; ++c) noise.steps.push_back(signs[block * 3 + c]);
      }
    return noise;
  }

  MethodCard card_;
  int height_, width_, patch_, eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
