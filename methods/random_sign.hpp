// A control: +-eps by a coin for every pixel and channel, drawn anew for every item. It carries no message.
#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

namespace detail {

/// `count` fair signs times eps_steps, 32 signs from one word.
inline std::vector<int8_t> random_signs(Random random, size_t count, int eps_steps) {
  std::vector<int8_t> signs(count);
  uint32_t word = 0;
  for (size_t i = 0; i < count; ++i, word >>= 1) {
    if (i % 32 == 0) word = random.bits();
    signs[i] = static_cast<int8_t>((word & 1u) != 0 ? eps_steps : -eps_steps);
  }
  return signs;
}

}  // namespace detail

/// Independent signs from Random(seed, Purpose::sign_noise, item_number(key)).
class RandomSign final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    return training_free_card("random_sign", "independent random signs, the control for noise as such", false,
                              linf_budget("random_sign", eps_steps));
  }

  /// Noises of height x width x 3 at +-eps_steps. Throws Error for a size or eps out of range.
  RandomSign(int height, int width, int eps_steps, uint64_t seed)
      : ItemwiseSource(describe(eps_steps), height, width), eps_steps_(eps_steps), seed_(seed) {}

 private:
  Noise noise_of(const NoiseItem& item) const override {
    const Random random(seed_, Purpose::sign_noise, item_number(item.key));
    return {height(), width(), detail::random_signs(random, values(), eps_steps_)};
  }

  int eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
