// Batch normalisation with residual and activation.
#pragma once

#include <cmath>

#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/cpu/columns.hpp>

namespace t2ue::cpu {

inline void batch_norm(const BatchNormArgs& a, Stream) {
  const int64_t rows = a.x.shape.rows(), channels = a.x.shape.back();
  normalisation_statistics(a, rows);
  std::vector<float> factor(static_cast<size_t>(channels)), offset(factor.size());
  for (int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<size_t>(c);
    factor[i] = a.inv_std.f32()[c] * (a.scale.data ? a.scale.f32()[c] : 1.0f);
    offset[i] = (a.shift.data ? a.shift.f32()[c] : 0.0f) - a.mean.f32()[c] * factor[i];
  }
  const float *x = a.x.f32(), *residual = a.residual.f32(), *f = factor.data(), *o = offset.data();
  float* y = a.y.f32();
  const float slope = a.activation == Activation::relu         ? 0.0f
                      : a.activation == Activation::leaky_relu ? leaky_slope
                                                               : 1.0f;
  parallel_for(rows, channels, [&](int64_t r) {
    const float* from = x + r * channels;
    float* to = y + r * channels;
    if (residual) {
      const float* plus = residual + r * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        const float z = from[c] * f[c] + o[c] + plus[c];
        to[c] = z > 0.0f ? z : slope * z;
      }
    } else {
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        const float z = from[c] * f[c] + o[c];
        to[c] = z > 0.0f ? z : slope * z;
      }
    }
  });
}

inline void batch_norm_grad(const BatchNormGradArgs& a, Stream) {
  const int64_t rows = a.dy.shape.rows(), channels = a.dy.shape.back();
  const float slope = a.activation == Activation::relu         ? 0.0f
                      : a.activation == Activation::leaky_relu ? leaky_slope
                                                               : 1.0f;
  const bool with_x = a.dscale.data || a.dx.data;
  // Where x and its statistics are not needed they have no memory: stand-ins keep the loops free of branches.
  const std::vector<float> none(with_x ? 0 : static_cast<size_t>(channels), 0.0f);
  const float* dy = a.dy.f32();
  const float* x = with_x ? a.x.f32() : dy;
  const float *mean = with_x ? a.mean.f32() : none.data(), *inv_std = with_x ? a.inv_std.f32() : none.data();
  // Without activation the sign of y does not matter: any address of the right size will do.
  const float* y = a.activation == Activation::none ? dy : a.y.f32();
  const bool statistics = a.dscale.data || a.dshift.data || (a.dx.data && a.training);

  std::vector<double> sums;
  if (statistics) {
    sums = column_sums(rows, 2 * channels, [&](int64_t begin, int64_t end, float* partial) {
      float *plain = partial, *weighted = partial + channels;
      for (int64_t r = begin; r < end; ++r) {
        const float *g = dy + r * channels, *out = y + r * channels, *from = x + r * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) {
          const float dz = out[c] > 0.0f ? g[c] : slope * g[c];
          plain[c] += dz;
          weighted[c] += dz * (from[c] - mean[c]);
        }
      }
    });
    for (int64_t c = 0; c < channels; ++c)
      sums[static_cast<size_t>(channels + c)] *= static_cast<double>(inv_std[c]);
    put_columns(a.dshift, sums, 0);
    put_columns(a.dscale, sums, channels);
  }
  if (!a.dx.data && !a.dresidual.data) return;

  // dx = scale*inv_std * (dz - sum(dz)/M - normalised*sum(dz*normalised)/M), the sums only with batch
  // statistics.
  std::vector<float> factor(static_cast<size_t>(channels)), from_mean(factor.size()), from_var(factor.size());
  for (int64_t c = 0; c < channels && a.dx.data; ++c) {
    const auto i = static_cast<size_t>(c);
    factor[i] = inv_std[c] * (a.scale.data ? a.scale.f32()[c] : 1.0f);
    if (!a.training) continue;
    from_mean[i] = static_cast<float>(sums[i] / static_cast<double>(rows));
    from_var[i] =
        static_cast<float>(sums[static_cast<size_t>(channels) + i] / static_cast<double>(rows)) * inv_std[c];
  }
  const float *f = factor.data(), *m = from_mean.data(), *v = from_var.data();
  parallel_for(rows, channels, [&](int64_t r) {
    const float *g = dy + r * channels, *out = y + r * channels;
    if (a.dx.data) {
      const float* from = x + r * channels;
      float* to = a.dx.f32() + r * channels;
      if (a.dx.accumulate) {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) {
          const float dz = out[c] > 0.0f ? g[c] : slope * g[c];
          to[c] += f[c] * (dz - m[c] - (from[c] - mean[c]) * v[c]);
        }
      } else {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) {
          const float dz = out[c] > 0.0f ? g[c] : slope * g[c];
          to[c] = f[c] * (dz - m[c] - (from[c] - mean[c]) * v[c]);
        }
      }
    }
    if (a.dresidual.data) {
      float* to = a.dresidual.f32() + r * channels;
      for (int64_t c = 0; c < channels; ++c)
        put(to[c], out[c] > 0.0f ? g[c] : slope * g[c], a.dresidual.accumulate);
    }
  });
}

}  // namespace t2ue::cpu
