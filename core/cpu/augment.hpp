// Random crop, flip and translation with bilinear sampling, edges repeated; colours and cutout.
#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/augment_draw.hpp>
#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

namespace detail {
/// The two inputs that an output coordinate mixes, and the share of the second.
struct Mix {
  int64_t low, high;
  float share;
};
inline Mix mix_at(float at, int64_t size) {
  const float inside = std::clamp(at, 0.0f, static_cast<float>(size - 1));
  const auto low = static_cast<int64_t>(inside);
  return {low, std::min(low + 1, size - 1), inside - static_cast<float>(low)};
}

/// f(output row and column, input offsets of the four corners, their weights) for every pixel of a picture.
template <class F>
void for_each_sample(const AugmentGeometry& g, int64_t height, int64_t width, F&& f) {
  for (int64_t h = 0; h < height; ++h) {
    const Mix y = mix_at(augment_coordinate(g.scale_y, g.offset_y, h), height);
    for (int64_t w = 0; w < width; ++w) {
      const Mix x = mix_at(augment_coordinate(g.scale_x, g.offset_x, w), width);
      const int64_t corners[4] = {(y.low * width + x.low) * 3, (y.low * width + x.high) * 3,
                                  (y.high * width + x.low) * 3, (y.high * width + x.high) * 3};
      const float weights[4] = {(1 - y.share) * (1 - x.share), (1 - y.share) * x.share,
                                y.share * (1 - x.share), y.share * x.share};
      f(h, w, corners, weights);
    }
  }
}
}  // namespace detail

inline void augment(const AugmentArgs& a, Stream) {
  const int64_t height = a.x.shape[1], width = a.x.shape[2], size = height * width * 3;
  const bool recolour = a.options.changes_colours();
  const PixelNorm& norm = a.options.norm;
  parallel_for(a.x.shape[0], size * 8, [&](int64_t n) {
    const AugmentDraw draw = augment_draw(a.options, a.counter.i32()[0], a.x.shape[0], n, height, width);
    const float* x = a.x.f32() + n * size;
    float* y = a.y.f32() + n * size;
    uint8_t* kept = a.kept ? a.kept.as<uint8_t>() + n * height * width : nullptr;
    detail::for_each_sample(
        draw.geometry, height, width, [&](int64_t h, int64_t w, const int64_t* from, const float* weight) {
          const int64_t pixel = h * width + w;
          const bool cut = draw.cutout.holds(h, w);
          float rgb[3] = {};
          for (int c = 0; c < 3; ++c)
            for (int k = 0; k < 4; ++k) rgb[c] += weight[k] * x[from[k] + c];
          const unsigned free = recolour ? change_colour(draw.colour, rgb) : 7u;
          if (kept) kept[pixel] = static_cast<uint8_t>(cut ? 0u : free);
          for (size_t c = 0; c < 3; ++c)
            y[pixel * 3 + static_cast<int64_t>(c)] = cut ? 0.0f : (rgb[c] - norm.mean[c]) / norm.std[c];
        });
  });
}

inline void augment_grad(const AugmentGradArgs& a, Stream) {
  const int64_t height = a.dx.shape[1], width = a.dx.shape[2], size = height * width * 3;
  const bool recolour = a.options.changes_colours();
  parallel_for(a.dx.shape[0], size * 8, [&](int64_t n) {
    const AugmentDraw draw = augment_draw(a.options, a.counter.i32()[0], a.dx.shape[0], n, height, width);
    const float* dy = a.dy.f32() + n * size;
    float* dx = a.dx.f32() + n * size;
    const uint8_t* kept = a.kept ? a.kept.as<const uint8_t>() + n * height * width : nullptr;
    if (!a.dx.accumulate) std::fill(dx, dx + size, 0.0f);
    detail::for_each_sample(
        draw.geometry, height, width, [&](int64_t h, int64_t w, const int64_t* to, const float* weight) {
          const int64_t pixel = h * width + w;
          const unsigned free = kept ? kept[pixel] : 7u;
          float rgb[3];
          for (size_t c = 0; c < 3; ++c)
            rgb[c] = free >> c & 1u ? dy[pixel * 3 + static_cast<int64_t>(c)] / a.options.norm.std[c] : 0.0f;
          if (recolour) change_colour_grad(draw.colour, rgb);
          for (int c = 0; c < 3; ++c)
            for (int k = 0; k < 4; ++k) dx[to[k] + c] += weight[k] * rgb[c];
        });
  });
}

}  // namespace t2ue::cpu
