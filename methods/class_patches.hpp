// A shortcut without training: one random pattern of square sign blocks for every class or caption cluster.
#pragma once

#include <t2ue/methods/random_sign.hpp>

namespace t2ue {

/// Every item of a class gets the class's pattern: blocks of patch x patch noise pixels (cut at the right and
/// lower edge), each with a random sign for each channel, from Random(seed, Purpose::sign_noise, label).
class ClassPatches final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    return training_free_card("class_patches", "one random sign pattern of square blocks a class", true,
                              linf_budget("class_patches", eps_steps));
  }

  /// Noises of height x width x 3 at +-eps_steps. Throws Error for a size, eps or patch out of range.
  ClassPatches(int height, int width, int patch, int eps_steps, uint64_t seed)
      : ItemwiseSource(describe(eps_steps), height, width),
        patch_(patch),
        eps_steps_(eps_steps),
        seed_(seed) {
    check(patch > 0, "class_patches", "a patch of ", patch, " pixels is not positive");
  }

 private:
  Noise noise_of(const NoiseItem& item) const override {
    const int rows = (height() - 1) / patch_ + 1;
    const int columns = (width() - 1) / patch_ + 1;
    const size_t blocks = static_cast<size_t>(rows) * static_cast<size_t>(columns);
    const Random random(seed_, Purpose::sign_noise, static_cast<uint64_t>(class_of(item, card().name)));
    const std::vector<int8_t> signs = detail::random_signs(random, blocks * 3, eps_steps_);
    Noise noise{height(), width(), {}};
    noise.steps.reserve(values());
    for (int y = 0; y < height(); ++y)
      for (int x = 0; x < width(); ++x) {
        const auto block =
            static_cast<size_t>(y / patch_) * static_cast<size_t>(columns) + static_cast<size_t>(x / patch_);
        for (size_t c = 0; c < 3; ++c) noise.steps.push_back(signs[block * 3 + c]);
      }
    return noise;
  }

  int patch_, eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
