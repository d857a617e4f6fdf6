// Resizing maps. Every resampler is a sparse linear map of rows and columns, so one description of its taps
// serves the forward pass and, transposed, the gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

/// What one output coordinate reads along one axis: weights for inputs first, first+1, ...
struct Taps {
  int64_t first = 0;
  std::vector<float> weights;
};

/// The kernel of Keys, "Cubic convolution interpolation for digital image processing" (1981), a = -0.75.
inline double cubic_kernel(double distance) {
  constexpr double a = -0.75;
  const double t = std::abs(distance);
  if (t <= 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  return t < 2.0 ? ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a : 0.0;
}

/// The four taps around coordinate `at`; those beyond an edge go to the edge.
inline Taps cubic_taps(double at, int64_t from) {
  const auto centre = static_cast<int64_t>(std::floor(at));
  const auto inside = [from](int64_t k) { return std::clamp<int64_t>(k, 0, from - 1); };
  Taps tap{inside(centre - 1), {}};
  tap.weights.resize(static_cast<size_t>(inside(centre + 2) - tap.first + 1));
  for (int64_t k = centre - 1; k <= centre + 2; ++k)
    tap.weights[static_cast<size_t>(inside(k) - tap.first)] +=
        static_cast<float>(cubic_kernel(at - static_cast<double>(k)));
  return tap;
}

/// The taps of every output coordinate along an axis of `from` pixels resampled to `to`.
inline std::vector<Taps> resample_taps(Resampler resampler, int64_t from, int64_t to) {
  std::vector<Taps> taps(static_cast<size_t>(to));
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (int64_t i = 0; i < to; ++i) {
    Taps& tap = taps[static_cast<size_t>(i)];
    if (resampler == Resampler::nearest) {
      tap = {i * from / to, {1.0f}};
    } else if (resampler == Resampler::tile) {
      tap = {i % from, {1.0f}};
    } else if (resampler == Resampler::bilinear) {
      const double at =
          std::clamp((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0, static_cast<double>(from - 1));
      const auto low = std::min(static_cast<int64_t>(at), std::max<int64_t>(from - 2, 0));
      const auto share = static_cast<float>(at - static_cast<double>(low));
      tap = {low, from == 1 ? std::vector<float>{1.0f} : std::vector<float>{1.0f - share, share}};
    } else if (resampler == Resampler::bicubic) {
      tap = cubic_taps((static_cast<double>(i) + 0.5) * scale - 0.5, from);
    } else {
      const double begin = static_cast<double>(i) * scale, end = begin + scale;
      const auto low = static_cast<int64_t>(begin);
      const auto high = std::min(static_cast<int64_t>(std::ceil(end - 1e-9)), from);
      tap.first = low;
      for (int64_t k = low; k < std::max(high, low + 1); ++k) {
        const double covered =
            std::min(end, static_cast<double>(k + 1)) - std::max(begin, static_cast<double>(k));
        tap.weights.push_back(static_cast<float>(covered / scale));
      }
    }
  }
  return taps;
}

/// The taps of bilinear upsampling with aligned corners.
inline std::vector<Taps> aligned_taps(int64_t from, int64_t to) {
  std::vector<Taps> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double at =
        to == 1 ? 0.0 : static_cast<double>(i) * static_cast<double>(from - 1) / static_cast<double>(to - 1);
    const auto low = std::min(static_cast<int64_t>(at), std::max<int64_t>(from - 2, 0));
    const auto share = static_cast<float>(at - static_cast<double>(low));
    taps[static_cast<size_t>(i)] = {
        low, from == 1 ? std::vector<float>{1.0f} : std::vector<float>{1.0f - share, share}};
  }
  return taps;
}

/// y = taps(x) for x [N,h,w,C].
inline void apply_taps(const std::vector<Taps>& rows, const std::vector<Taps>& columns, const View& x,
                       const View& y) {
  const Shape &xs = x.shape, &ys = y.shape;
  const int64_t channels = xs[3];
  parallel_for(ys[0] * ys[1], ys[2] * channels * 4, [&](int64_t row) {
    const int64_t n = row / ys[1];
    const Taps& vertical = rows[static_cast<size_t>(row % ys[1])];
    for (int64_t w = 0; w < ys[2]; ++w) {
      const Taps& horizontal = columns[static_cast<size_t>(w)];
      float* to = y.f32() + (row * ys[2] + w) * channels;
      std::fill(to, to + channels, 0.0f);
      for (size_t i = 0; i < vertical.weights.size(); ++i)
        for (size_t j = 0; j < horizontal.weights.size(); ++j) {
          const float weight = vertical.weights[i] * horizontal.weights[j];
          const int64_t h = vertical.first + static_cast<int64_t>(i),
                        v = horizontal.first + static_cast<int64_t>(j);
          const float* from = x.f32() + ((n * xs[1] + h) * xs[2] + v) * channels;
          for (int64_t c = 0; c < channels; ++c) to[c] += weight * from[c];
        }
    }
  });
}

/// dx = transposed taps(value(n,h,w,c)), one picture a thread.
template <class F>
void apply_taps_transposed(const std::vector<Taps>& rows, const std::vector<Taps>& columns, const Shape& ys,
                           const GradView& dx, F&& value) {
  const Shape& xs = dx.shape;
  const int64_t channels = xs[3], size = xs[1] * xs[2] * channels;
  parallel_for(xs[0], ys[1] * ys[2] * channels * 4, [&](int64_t n) {
    float* to = dx.f32() + n * size;
    if (!dx.accumulate) std::fill(to, to + size, 0.0f);
    for (int64_t h = 0; h < ys[1]; ++h)
      for (int64_t w = 0; w < ys[2]; ++w) {
        const Taps &vertical = rows[static_cast<size_t>(h)], &horizontal = columns[static_cast<size_t>(w)];
        const int64_t at = ((n * ys[1] + h) * ys[2] + w) * channels;
        for (size_t i = 0; i < vertical.weights.size(); ++i)
          for (size_t j = 0; j < horizontal.weights.size(); ++j) {
            const float weight = vertical.weights[i] * horizontal.weights[j];
            float* cell = to + ((vertical.first + static_cast<int64_t>(i)) * xs[2] + horizontal.first +
                                static_cast<int64_t>(j)) *
                                   channels;
            for (int64_t c = 0; c < channels; ++c) cell[c] += weight * value(at + c);
          }
      }
  });
}

inline void resize(const ResizeArgs& a, Stream) {
  apply_taps(resample_taps(a.resampler, a.x.shape[1], a.y.shape[1]),
             resample_taps(a.resampler, a.x.shape[2], a.y.shape[2]), a.x, a.y);
}

inline void resize_grad(const ResizeGradArgs& a, Stream) {
  const Shape &xs = a.dx.shape, &ys = a.dy.shape;
  const float* dy = a.dy.f32();
  apply_taps_transposed(resample_taps(a.resampler, xs[1], ys[1]), resample_taps(a.resampler, xs[2], ys[2]),
                        ys, a.dx, [&](int64_t at) { return dy[at]; });
}

inline void mask_sigmoid(const MaskSigmoidArgs& a, Stream) {
  apply_taps(aligned_taps(a.x.shape[1], a.y.shape[1]), aligned_taps(a.x.shape[2], a.y.shape[2]), a.x, a.y);
  float* y = a.y.f32();
  parallel_ranges(a.y.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = sigmoid(y[i]);
  });
}

inline void mask_sigmoid_grad(const MaskSigmoidGradArgs& a, Stream) {
  const Shape &xs = a.dx.shape, &ys = a.dy.shape;
  const float *dy = a.dy.f32(), *y = a.y.f32();
  apply_taps_transposed(aligned_taps(xs[1], ys[1]), aligned_taps(xs[2], ys[2]), ys, a.dx,
                        [&](int64_t at) { return dy[at] * y[at] * (1.0f - y[at]); });
}

}  // namespace t2ue::cpu
