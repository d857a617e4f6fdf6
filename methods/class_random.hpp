// The simplest shortcut: one random noise for every class.
#pragma once

#include <t2ue/methods/uniform.hpp>

namespace t2ue {

/// Every item of a class gets the same independent whole steps, from
/// Random(seed, Purpose::class_noise, label).
class ClassRandom final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    return training_free_card("class_random", "one random noise a class", true,
                              linf_budget("class_random", eps_steps));
  }

  /// Noises of height x width x 3 within +-eps_steps. Throws Error for a size or eps out of range.
  ClassRandom(int height, int width, int eps_steps, uint64_t seed)
      : ItemwiseSource(describe(eps_steps), height, width), eps_steps_(eps_steps), seed_(seed) {}

 private:
  Noise noise_of(const NoiseItem& item) const override {
    const Random random(seed_, Purpose::class_noise, static_cast<uint64_t>(class_of(item, card().name)));
    return {height(), width(), detail::uniform_steps(random, values(), eps_steps_)};
  }

  int eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
