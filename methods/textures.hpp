// The shortcut that survives shifts and flips: textures of one spatial frequency and one colour direction.
//
// Small convolutional networks average over places, so what marks a picture must look the same wherever it
// lies. A random tile does not: shifted by a pixel it is another pattern. Stripes and checks of one or two
// pixels do, up to their sign, and natural pictures have little of their own there. Measured on the demo's
// victims in benchmarks/results/2026-11-28-demo-cpu.md.
#pragma once

#include <array>

#include <t2ue/methods/random_sign.hpp>

namespace t2ue {

namespace detail {
/// +-1 of spatial pattern 0..8 at (y, x): stripes and checks of 1 pixel, then of 2, then slanted ones.
constexpr int texture_pattern(int pattern, int y, int x) {
  const std::array<int, 9> phase{x, y, x + y, x / 2, y / 2, x / 2 + y / 2, (x + y) / 2, x / 2 + y, x + y / 2};
  return phase[static_cast<size_t>(pattern)] % 2 ? 1 : -1;
}
/// Signs of the three channels.
inline constexpr std::array<std::array<int, 3>, 4> texture_colours{
    {{1, 1, 1}, {1, 1, -1}, {1, -1, 1}, {-1, 1, 1}}};
}  // namespace detail

/// How many textures there are. The first 12 have the highest frequencies and are learned fastest.
inline constexpr int texture_count = 36;
/// All of them repeat after this many pixels.
inline constexpr int texture_period = 4;

/// The signs (+-1) of a texture, size*size*3 (HWC). Numbers 0-11 are the stripes and checks of one pixel in
/// four colour directions, 12-23 those of two pixels, 24-35 slanted ones. Error for a number outside
/// 0..texture_count-1.
inline std::vector<int8_t> texture_signs(int number, int size) {
  check(number >= 0 && number < texture_count, "textures", "there are textures 0..", texture_count - 1,
        ", not ", number, "; use fewer classes or clusters");
  const int pattern = number / 12 * 3 + number % 3;
  const auto& colour = detail::texture_colours[static_cast<size_t>(number / 3 % 4)];
  std::vector<int8_t> signs;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      for (const int sign : colour)
        signs.push_back(static_cast<int8_t>(sign * detail::texture_pattern(pattern, y, x)));
  return signs;
}

/// A texture as noise of texture_period x texture_period at +-eps_steps, to be tiled.
inline Noise texture_noise(int number, int eps_steps) {
  Noise noise{texture_period, texture_period, texture_signs(number, texture_period)};
  for (int8_t& step : noise.steps) step = static_cast<int8_t>(step * eps_steps);
  return noise;
}

/// The textures of groups 0..groups-1 one after the other: what a generator of size x size starts from
/// (Conditions::start). Error for more groups than textures.
inline std::vector<float> texture_starts(int64_t groups, int64_t size) {
  check(groups <= texture_count, "textures", groups, " groups want a texture each, there are ", texture_count,
        "; use fewer keywords or classes, or no warm start");
  std::vector<float> starts;
  for (int number = 0; number < static_cast<int>(groups); ++number)
    for (const int8_t sign : texture_signs(number, static_cast<int>(size)))
      starts.push_back(static_cast<float>(sign));
  return starts;
}

/// Training-free: every item of a class gets the texture numbered as its label.
class ClassTextures final : public ItemwiseSource {
 public:
  static MethodCard describe(int eps_steps) {
    MethodCard card = training_free_card("class_textures", "one texture a class, known to survive shifts",
                                         true, linf_budget("class_textures", eps_steps));
    card.resampler = Resampler::tile;
    return card;
  }

  /// Noises of texture_period x texture_period at +-eps_steps, to be tiled. Error for an eps out of range.
  explicit ClassTextures(int eps_steps)
      : ItemwiseSource(describe(eps_steps), texture_period, texture_period), eps_steps_(eps_steps) {}

 private:
  Noise noise_of(const NoiseItem& item) const override {
    return texture_noise(class_of(item, card().name, texture_count), eps_steps_);
  }

  int eps_steps_;
};

}  // namespace t2ue
