// A weaker control: every value is drawn uniformly within +-eps. It carries no message.
#pragma once

#include <t2ue/core/rng.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

namespace detail {
/// `count` whole steps, each of -eps_steps..eps_steps equally often.
inline std::vector<int8_t> uniform_steps(Random random, size_t count, int eps_steps) {
  std::vector<int8_t> steps(count);
  for (int8_t& step : steps)
    step = static_cast<int8_t>(static_cast<int>(random.below(static_cast<uint32_t>(2 * eps_steps + 1))) -
                               eps_steps);
  return steps;
}
}  // namespace detail

/// Independent whole steps from Random(seed, Purpose::uniform_noise, item_number(key)), a noise of its own
/// for every item.
class UniformNoise final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    return training_free_card("uniform", "independent uniform steps, the weaker control for noise as such",
                              false, linf_budget("uniform", eps_steps));
  }

  /// Noises of height x width x 3 within +-eps_steps. Throws Error for a size or eps out of range.
  UniformNoise(int height, int width, int eps_steps, uint64_t seed)
      : ItemwiseSource(describe(eps_steps), height, width), eps_steps_(eps_steps), seed_(seed) {}

 private:
  Noise noise_of(const NoiseItem& item) const override {
    const Random random(seed_, Purpose::uniform_noise, item_number(item.key));
    return {height(), width(), detail::uniform_steps(random, values(), eps_steps_)};
  }

  int eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
