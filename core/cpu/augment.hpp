// Random crop, flip and translation with bilinear sampling, edges repeated.
#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/augment_geometry.hpp>
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

/// f(output offset, input offsets of the four corners, their weights) for every pixel of picture n.
template <class Args, class F>
void for_each_sample(const Args& a, const Shape& shape, int64_t n, F&& f) {
  const int64_t height = shape[1], width = shape[2];
  const auto item =
      static_cast<uint64_t>(static_cast<uint32_t>(a.counter.i32()[0])) * static_cast<uint64_t>(shape[0]) +
      static_cast<uint64_t>(n);
  const AugmentGeometry g = augment_geometry(a.seed, item, height, width, a.min_area, a.flip, a.shift);
  for (int64_t h = 0; h < height; ++h) {
    const Mix y = mix_at(augment_coordinate(g.scale_y, g.offset_y, h), height);
    for (int64_t w = 0; w < width; ++w) {
      const Mix x = mix_at(augment_coordinate(g.scale_x, g.offset_x, w), width);
      const int64_t corners[4] = {(y.low * width + x.low) * 3, (y.low * width + x.high) * 3,
                                  (y.high * width + x.low) * 3, (y.high * width + x.high) * 3};
      const float weights[4] = {(1 - y.share) * (1 - x.share), (1 - y.share) * x.share,
                                y.share * (1 - x.share), y.share * x.share};
      f((h * width + w) * 3, corners, weights);
    }
  }
}
}  // namespace detail

inline void augment(const AugmentArgs& a, Stream) {
  const Shape& shape = a.x.shape;
  const int64_t size = shape[1] * shape[2] * 3;
  parallel_for(shape[0], size * 8, [&](int64_t n) {
    const float* x = a.x.f32() + n * size;
    float* y = a.y.f32() + n * size;
    detail::for_each_sample(a, shape, n, [&](int64_t at, const int64_t* from, const float* weight) {
      for (int c = 0; c < 3; ++c) {
        float value = 0.0f;
        for (int k = 0; k < 4; ++k) value += weight[k] * x[from[k] + c];
        y[at + c] = (value - a.mean[c]) / a.std[c];
      }
    });
  });
}

inline void augment_grad(const AugmentGradArgs& a, Stream) {
  const Shape& shape = a.dx.shape;
  const int64_t size = shape[1] * shape[2] * 3;
  parallel_for(shape[0], size * 8, [&](int64_t n) {
    const float* dy = a.dy.f32() + n * size;
    float* dx = a.dx.f32() + n * size;
    if (!a.dx.accumulate) std::fill(dx, dx + size, 0.0f);
    detail::for_each_sample(a, shape, n, [&](int64_t at, const int64_t* to, const float* weight) {
      for (int c = 0; c < 3; ++c) {
        const float value = dy[at + c] / a.std[c];
        for (int k = 0; k < 4; ++k) dx[to[k] + c] += weight[k] * value;
      }
    });
  });
}

}  // namespace t2ue::cpu
