#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/cpu/resize.hpp>
#include <t2ue/core/tensor.hpp>
#include <t2ue/models/weights/positions.hpp>

namespace t2ue {

namespace detail {

/// Keys' kernel with a = -0.5.
inline double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

inline std::vector<cpu::Taps> cubic_taps(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), wide = std::max(scale, 1.0);
  std::vector<cpu::Taps> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(std::llround(centre - 2 * wide), 0);
    const auto end = std::min<int64_t>(std::llround(centre + 2 * wide), from);
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = first; k < end; ++k) {
      weights.push_back(cubic((static_cast<double>(k) + 0.5 - centre) / wide));
      sum += weights.back();
    }
    cpu::Taps& tap = taps[static_cast<size_t>(i)];
    tap.first = first;
    for (const double weight : weights) tap.weights.push_back(static_cast<float>(weight / sum));
  }
  return taps;
}

}  // namespace detail

T2UE_INLINE std::vector<float> resize_positions(std::span<const float> positions, int64_t from, int64_t to,
                                                int64_t channels) {
  check(from > 0 && to > 0 && static_cast<int64_t>(positions.size()) == (1 + from * from) * channels,
        "positions", positions.size(), " numbers are not a token and a grid of ", from, "x", from, " with ",
        channels, " channels each");
  const Tensor grid = Tensor::of(positions.subspan(static_cast<size_t>(channels)), {1, from, from, channels});
  const Tensor resized({1, to, to, channels});
  const std::vector<cpu::Taps> taps = detail::cubic_taps(from, to);
  cpu::apply_taps(taps, taps, grid.view(), resized.view());
  std::vector<float> result(positions.begin(), positions.begin() + channels);
  const std::vector<float> places = resized.to_vector<float>();
  result.insert(result.end(), places.begin(), places.end());
  return result;
}

}  // namespace t2ue
