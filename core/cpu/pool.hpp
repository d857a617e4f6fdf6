// Pooling on the CPU: over windows, and over a whole sequence.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

namespace detail {

/// The real pixels of output p's window along one side of length `extent`.
struct Window {
  int64_t begin, end;
  Window(int64_t p, int size, int stride, int pad, int64_t extent)
      : begin(std::max<int64_t>(p * stride - pad, 0)),
        end(std::min<int64_t>(p * stride - pad + size, extent)) {}
  int64_t length() const { return end - begin; }
};

/// f(pixel) for every pixel of a window, row by row; pixel counts within one picture.
template <class F>
void for_each_pixel(const Window& rows, const Window& columns, int64_t picture_width, F&& f) {
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) f(h * picture_width + w);
}

/// Whether x takes over from the largest value so far: the first of equals wins, and NaN wins always.
inline bool beats(float x, float best) {
  return x > best || std::isnan(x);
}

}  // namespace detail

inline void pool2d(const Pool2dArgs& a, Stream) {
  const Shape &xs = a.x.shape, &ys = a.y.shape;
  const int64_t channels = xs[3];
  parallel_for(ys[0] * ys[1], ys[2] * a.size * a.size * channels, [&](int64_t row) {
    const int64_t n = row / ys[1];
    const detail::Window rows(row % ys[1], a.size, a.stride, a.pad, xs[1]);
    const float* picture = a.x.f32() + n * xs[1] * xs[2] * channels;
    for (int64_t q = 0; q < ys[2]; ++q) {
      const detail::Window columns(q, a.size, a.stride, a.pad, xs[2]);
      float* y = a.y.f32() + (row * ys[2] + q) * channels;
      if (a.kind == Pooling::max) {
        std::fill_n(y, channels, -std::numeric_limits<float>::infinity());
        detail::for_each_pixel(rows, columns, xs[2], [&](int64_t pixel) {
          const float* x = picture + pixel * channels;
          for (int64_t c = 0; c < channels; ++c) y[c] = detail::beats(x[c], y[c]) ? x[c] : y[c];
        });
      } else {
        std::fill_n(y, channels, 0.0f);
        detail::for_each_pixel(rows, columns, xs[2], [&](int64_t pixel) {
          const float* x = picture + pixel * channels;
          for (int64_t c = 0; c < channels; ++c) y[c] += x[c];
        });
        const float share = 1.0f / static_cast<float>(rows.length() * columns.length());
        for (int64_t c = 0; c < channels; ++c) y[c] *= share;
      }
    }
  });
}

inline void pool2d_grad(const Pool2dGradArgs& a, Stream) {
  if (!a.dx) return;
  const Shape &xs = a.dx.shape, &ys = a.dy.shape;
  const int64_t channels = xs[3], pixels = xs[1] * xs[2];
  parallel_for(xs[0], ys[1] * ys[2] * a.size * a.size * channels, [&](int64_t n) {
    float* dx = a.dx.f32() + n * pixels * channels;
    if (!a.dx.accumulate) std::fill_n(dx, pixels * channels, 0.0f);
    std::vector<float> best(static_cast<size_t>(channels));
    std::vector<int64_t> where(static_cast<size_t>(channels));
    for (int64_t p = 0; p < ys[1]; ++p)
      for (int64_t q = 0; q < ys[2]; ++q) {
        const detail::Window rows(p, a.size, a.stride, a.pad, xs[1]),
            columns(q, a.size, a.stride, a.pad, xs[2]);
        const float* dy = a.dy.f32() + ((n * ys[1] + p) * ys[2] + q) * channels;
        if (a.kind == Pooling::average) {
          const float share = 1.0f / static_cast<float>(rows.length() * columns.length());
          detail::for_each_pixel(rows, columns, xs[2], [&](int64_t pixel) {
            for (int64_t c = 0; c < channels; ++c) dx[pixel * channels + c] += share * dy[c];
          });
          continue;
        }
        const float* picture = a.x.f32() + n * pixels * channels;
        std::fill(best.begin(), best.end(), -std::numeric_limits<float>::infinity());
        std::fill(where.begin(), where.end(), rows.begin * xs[2] + columns.begin);
        detail::for_each_pixel(rows, columns, xs[2], [&](int64_t pixel) {
          for (int64_t c = 0; c < channels; ++c) {
            const float x = picture[pixel * channels + c];
            const auto i = static_cast<size_t>(c);
            const bool wins = detail::beats(x, best[i]);
            best[i] = wins ? x : best[i];
            where[i] = wins ? pixel : where[i];
          }
        });
        for (int64_t c = 0; c < channels; ++c) dx[where[static_cast<size_t>(c)] * channels + c] += dy[c];
      }
  });
}

inline void mean_pool(const MeanPoolArgs& a, Stream) {
  const int64_t tokens = a.x.shape[1], channels = a.x.shape[2];
  parallel_for(a.x.shape[0], tokens * channels, [&](int64_t n) {
    std::vector<double> sum(static_cast<size_t>(channels), 0.0);
    for (int64_t t = 0; t < tokens; ++t) {
      const float* x = a.x.f32() + (n * tokens + t) * channels;
      for (int64_t c = 0; c < channels; ++c) sum[static_cast<size_t>(c)] += static_cast<double>(x[c]);
    }
    for (int64_t c = 0; c < channels; ++c)
      a.y.f32()[n * channels + c] =
          static_cast<float>(sum[static_cast<size_t>(c)] / static_cast<double>(tokens));
  });
}

inline void mean_pool_grad(const MeanPoolGradArgs& a, Stream) {
  if (!a.dx) return;
  const int64_t tokens = a.dx.shape[1], channels = a.dx.shape[2];
  const float share = 1.0f / static_cast<float>(tokens);
  parallel_for(a.dx.shape[0] * tokens, channels, [&](int64_t i) {
    const float* dy = a.dy.f32() + i / tokens * channels;
    float* dx = a.dx.f32() + i * channels;
    for (int64_t c = 0; c < channels; ++c) put(dx[c], share * dy[c], a.dx.accumulate);
  });
}

}  // namespace t2ue::cpu
