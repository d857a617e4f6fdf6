// The generator's conditional batch norm with upsampling, mask and ReLU in one pass.
#pragma once

#include <cmath>

#include <t2ue/core/cpu/columns.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void upsample_sscbn_relu(const UpsampleSscbnReluArgs& a, Stream) {
  const Shape &xs = a.x.shape, &ys = a.y.shape;
  const int64_t channels = xs[3];
  normalisation_statistics(a, xs.rows() * a.up * a.up);
  const float *mean = a.mean.f32(), *inv_std = a.inv_std.f32();
  parallel_for(ys[0] * ys[1], ys[2] * channels, [&](int64_t row) {
    const int64_t n = row / ys[1], h = row % ys[1];
    const float *gamma = a.gamma.f32() + n * channels, *beta = a.beta.f32() + n * channels;
    const float* mask = a.mask.f32() + row * ys[2];
    for (int64_t w = 0; w < ys[2]; ++w) {
      const float m = mask[w];
      const float* from = a.x.f32() + ((n * xs[1] + h / a.up) * xs[2] + w / a.up) * channels;
      float* to = a.y.f32() + (row * ys[2] + w) * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        const float z = (1.0f + m * gamma[c]) * ((from[c] - mean[c]) * inv_std[c]) + m * beta[c];
        to[c] = z < 0.0f ? 0.0f : z;
      }
    }
  });
}

namespace detail {
/// One picture: dnorm summed over each upsampled group, dgamma, dbeta and dmask.
inline void sscbn_grad_of_picture(const UpsampleSscbnReluGradArgs& a, int64_t n, float* buffer) {
  const Shape &xs = a.x.shape, &ys = a.y.shape;
  const int64_t channels = xs[3];
  const float *mean = a.mean.f32(), *inv_std = a.inv_std.f32();
  const float *gamma = a.gamma.f32() + n * channels, *beta = a.beta.f32() + n * channels;
  float *dgamma = buffer, *dbeta = buffer + channels;
  std::fill(buffer, buffer + 2 * channels, 0.0f);
  float* dnorm = a.dnorm.f32() + n * xs[1] * xs[2] * channels;
  std::fill(dnorm, dnorm + xs[1] * xs[2] * channels, 0.0f);
  for (int64_t h = 0; h < ys[1]; ++h) {
    for (int64_t w = 0; w < ys[2]; ++w) {
      const int64_t low = (h / a.up) * xs[2] + w / a.up, high = (n * ys[1] + h) * ys[2] + w;
      const float m = a.mask.f32()[high];
      const float* from = a.x.f32() + (n * xs[1] * xs[2] + low) * channels;
      const float *y = a.y.f32() + high * channels, *dy = a.dy.f32() + high * channels;
      float* d = dnorm + low * channels;
      float dm = 0.0f;
#pragma omp simd reduction(+ : dm)
      for (int64_t c = 0; c < channels; ++c) {
        const float dz = y[c] > 0.0f ? dy[c] : 0.0f;
        const float normalised = (from[c] - mean[c]) * inv_std[c];
        dgamma[c] += dz * m * normalised;
        dbeta[c] += dz * m;
        d[c] += dz * (1.0f + m * gamma[c]);
        dm += dz * (gamma[c] * normalised + beta[c]);
      }
      if (a.dmask.data) put(a.dmask.f32()[high], dm, a.dmask.accumulate);
    }
  }
  for (int64_t c = 0; c < channels; ++c) {
    if (a.dgamma.data) put(a.dgamma.f32()[n * channels + c], dgamma[c], a.dgamma.accumulate);
    if (a.dbeta.data) put(a.dbeta.f32()[n * channels + c], dbeta[c], a.dbeta.accumulate);
  }
}
}  // namespace detail

inline void upsample_sscbn_relu_grad(const UpsampleSscbnReluGradArgs& a, Stream) {
  const int64_t batch = a.x.shape[0], rows = a.x.shape.rows(), channels = a.x.shape[3];
  parallel_for(batch, a.dy.elements(), [&](int64_t n) {
    std::vector<float> buffer(static_cast<size_t>(2 * channels));
    detail::sscbn_grad_of_picture(a, n, buffer.data());
  });
  if (!a.dx.data) return;

  const float *x = a.x.f32(), *mean = a.mean.f32(), *inv_std = a.inv_std.f32(), *dnorm = a.dnorm.f32();
  std::vector<float> from_mean(static_cast<size_t>(channels), 0.0f), from_var(from_mean);
  if (a.training) {
    const auto sums = column_sums(rows, 2 * channels, [&](int64_t begin, int64_t end, float* partial) {
      for (int64_t r = begin; r < end; ++r) {
        const float *d = dnorm + r * channels, *from = x + r * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) {
          partial[c] += d[c];
          partial[channels + c] += d[c] * ((from[c] - mean[c]) * inv_std[c]);
        }
      }
    });
    for (int64_t c = 0; c < channels; ++c) {
      const auto i = static_cast<size_t>(c);
      from_mean[i] = static_cast<float>(sums[i] / static_cast<double>(rows));
      from_var[i] = static_cast<float>(sums[static_cast<size_t>(channels) + i] / static_cast<double>(rows));
    }
  }
  parallel_for(rows, channels, [&](int64_t r) {
    const float *d = dnorm + r * channels, *from = x + r * channels;
    float* to = a.dx.f32() + r * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const float normalised = (from[c] - mean[c]) * inv_std[c];
      const auto i = static_cast<size_t>(c);
      put(to[c], inv_std[c] * (d[c] - from_mean[i] - normalised * from_var[i]), a.dx.accumulate);
    }
  });
}

}  // namespace t2ue::cpu
