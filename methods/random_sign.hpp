// The control without a message: +-eps by a coin for every pixel and channel, a pattern of its own for every
// item.
#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/methods/noise_source.hpp>

namespace t2ue {

namespace detail {

/// The card of a training-free method of +-eps_steps; checks the numbers that all of them take.
inline MethodCard sign_card(std::string name, bool needs_label, std::string summary, int height, int width,
                            int eps_steps) {
  check(height > 0 && width > 0, "noise", name, ": the size ", height, " x ", width, " is not positive");
  check(eps_steps >= 1 && eps_steps <= max_eps_steps, "noise", name, ": eps of ", eps_steps,
        " steps is outside 1..", max_eps_steps);
  MethodCard card;
  card.name = std::move(name);
  card.needs_label = needs_label;
  card.norm = "linf";
  card.eps = static_cast<float>(eps_steps) / 255.0f;
  card.surrogate = "none";
  card.summary = std::move(summary);
  return card;
}

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
class RandomSign : public NoiseSource {
 public:
  /// Noises of height x width x 3 at +-eps_steps. Throws Error for a size or eps out of range.
  RandomSign(int height, int width, int eps_steps, uint64_t seed)
      : card_(detail::sign_card("random_sign", false,
                                "independent random signs, the control for noise as such", height, width,
                                eps_steps)),
        height_(height),
        width_(width),
        eps_steps_(eps_steps),
        seed_(seed) {}

  const MethodCard& card() const override { return card_; }

  std::vector<Noise> make(std::span<const NoiseItem> items) override {
    std::vector<Noise> noises;
    const size_t count = static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3;
    for (const NoiseItem& item : items) {
      const Random random(seed_, Purpose::sign_noise, item_number(item.key));
      noises.push_back({height_, width_, detail::random_signs(random, count, eps_steps_)});
    }
    return noises;
  }

 private:
  MethodCard card_;
  int height_, width_, eps_steps_;
  uint64_t seed_;
};

}  // namespace t2ue
