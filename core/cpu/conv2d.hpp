// Convolution by plain loops.
#pragma once

#include <t2ue/core/cpu/columns.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void conv2d(const Conv2dArgs& a, Stream) {
  const Shape &xs = a.x.shape, &ws = a.w.shape, &ys = a.y.shape;
  const int64_t channels = xs[3];
  parallel_for(ys[0] * ys[1], ys[2] * ys[3] * ws[1] * ws[2] * channels, [&](int64_t row) {
    const int64_t n = row / ys[1], p = row % ys[1];
    for (int64_t q = 0; q < ys[2]; ++q) {
      for (int64_t k = 0; k < ys[3]; ++k) {
        float sum = a.b.data ? a.b.f32()[k] : 0.0f;
        for (int64_t r = 0; r < ws[1]; ++r) {
          const int64_t h = p * a.stride + r - a.pad;
          if (h < 0 || h >= xs[1]) continue;
          for (int64_t s = 0; s < ws[2]; ++s) {
            const int64_t w = q * a.stride + s - a.pad;
            if (w < 0 || w >= xs[2]) continue;
            const float* from = a.x.f32() + ((n * xs[1] + h) * xs[2] + w) * channels;
            const float* weight = a.w.f32() + ((k * ws[1] + r) * ws[2] + s) * channels;
#pragma omp simd reduction(+ : sum)
            for (int64_t c = 0; c < channels; ++c) sum += from[c] * weight[c];
          }
        }
        a.y.f32()[(row * ys[2] + q) * ys[3] + k] = sum;
      }
    }
  });
}

namespace detail {
inline void conv2d_grad_input(const Conv2dGradArgs& a) {
  const Shape &xs = a.dx.shape, &ws = a.w.shape, &ys = a.dy.shape;
  const int64_t channels = xs[3];
  parallel_for(xs[0], xs[1] * xs[2] * channels * ws[0] * ws[1] * ws[2], [&](int64_t n) {
    float* dx = a.dx.f32() + n * xs[1] * xs[2] * channels;
    if (!a.dx.accumulate) std::fill(dx, dx + xs[1] * xs[2] * channels, 0.0f);
    for (int64_t p = 0; p < ys[1]; ++p)
      for (int64_t q = 0; q < ys[2]; ++q)
        for (int64_t k = 0; k < ys[3]; ++k) {
          const float dy = a.dy.f32()[((n * ys[1] + p) * ys[2] + q) * ys[3] + k];
          for (int64_t r = 0; r < ws[1]; ++r) {
            const int64_t h = p * a.stride + r - a.pad;
            if (h < 0 || h >= xs[1]) continue;
            for (int64_t s = 0; s < ws[2]; ++s) {
              const int64_t w = q * a.stride + s - a.pad;
              if (w < 0 || w >= xs[2]) continue;
              float* to = dx + (h * xs[2] + w) * channels;
              const float* weight = a.w.f32() + ((k * ws[1] + r) * ws[2] + s) * channels;
#pragma omp simd
              for (int64_t c = 0; c < channels; ++c) to[c] += dy * weight[c];
            }
          }
        }
  });
}

inline void conv2d_grad_weight(const Conv2dGradArgs& a) {
  const Shape &xs = a.x.shape, &ws = a.dw.shape, &ys = a.dy.shape;
  const int64_t channels = xs[3];
  parallel_for(ws[0] * ws[1] * ws[2], ys[0] * ys[1] * ys[2] * channels, [&](int64_t index) {
    const int64_t k = index / (ws[1] * ws[2]), r = index / ws[2] % ws[1], s = index % ws[2];
    float* to = a.dw.f32() + index * channels;
    if (!a.dw.accumulate) std::fill(to, to + channels, 0.0f);
    for (int64_t n = 0; n < ys[0]; ++n)
      for (int64_t p = 0; p < ys[1]; ++p) {
        const int64_t h = p * a.stride + r - a.pad;
        if (h < 0 || h >= xs[1]) continue;
        for (int64_t q = 0; q < ys[2]; ++q) {
          const int64_t w = q * a.stride + s - a.pad;
          if (w < 0 || w >= xs[2]) continue;
          const float dy = a.dy.f32()[((n * ys[1] + p) * ys[2] + q) * ys[3] + k];
          const float* from = a.x.f32() + ((n * xs[1] + h) * xs[2] + w) * channels;
#pragma omp simd
          for (int64_t c = 0; c < channels; ++c) to[c] += dy * from[c];
        }
      }
  });
}
}  // namespace detail

/// db[k] = sum of dy[.., k].
inline void conv2d_grad_bias(const Conv2dGradArgs& a) {
  const int64_t rows = a.dy.shape.rows(), channels = a.dy.shape.back();
  const auto sums = column_sums(rows, channels, [&](int64_t begin, int64_t end, float* partial) {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t k = 0; k < channels; ++k) partial[k] += a.dy.f32()[r * channels + k];
  });
  put_columns(a.db, sums, 0);
}

inline void conv2d_grad(const Conv2dGradArgs& a, Stream) {
  if (a.dx.data) detail::conv2d_grad_input(a);
  if (a.dw.data) detail::conv2d_grad_weight(a);
  if (a.db.data) conv2d_grad_bias(a);
}

}  // namespace t2ue::cpu
