// Batch normalisation with residual and activation.
#pragma once

#include <cmath>

#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/cpu/columns.hpp>

namespace t2ue::cpu {

namespace detail {

inline float slope_of(Activation activation) {
  return activation == Activation::relu ? 0.0f : activation == Activation::leaky_relu ? leaky_slope : 1.0f;
}

// The row loops take plain restrict pointers and values: through a lambda's captures gcc does not vectorise
// them.

inline void scale_shift_row(int64_t channels, const float* __restrict x, const float* __restrict factor,
                            const float* __restrict offset, float slope, float* __restrict y) {
  for (int64_t c = 0; c < channels; ++c) {
    const float z = x[c] * factor[c] + offset[c];
    y[c] = z > 0.0f ? z : slope * z;
  }
}

inline void scale_shift_add_row(int64_t channels, const float* __restrict x, const float* __restrict residual,
                                const float* __restrict factor, const float* __restrict offset, float slope,
                                float* __restrict y) {
  for (int64_t c = 0; c < channels; ++c) {
    const float z = x[c] * factor[c] + offset[c] + residual[c];
    y[c] = z > 0.0f ? z : slope * z;
  }
}

inline void grad_sums_row(int64_t channels, const float* dy, const float* y, const float* x,
                          const float* __restrict mean, float slope, float* __restrict plain,
                          float* __restrict weighted) {
  for (int64_t c = 0; c < channels; ++c) {
    const float dz = y[c] > 0.0f ? dy[c] : slope * dy[c];
    plain[c] += dz;
    weighted[c] += dz * (x[c] - mean[c]);
  }
}

/// What a row's input gradient is made of: dx = factor * (dz - from_mean - (x - mean) * from_var).
struct BatchNormRow {
  const float *factor, *mean, *from_mean, *from_var;
  float slope;
};

template <bool accumulate>
void grad_row(int64_t channels, const float* dy, const float* y, const float* x, const BatchNormRow& row,
              float* __restrict dx) {
  const float* __restrict factor = row.factor, * __restrict mean = row.mean;
  const float* __restrict from_mean = row.from_mean, * __restrict from_var = row.from_var;
  const float slope = row.slope;
  for (int64_t c = 0; c < channels; ++c) {
    const float dz = y[c] > 0.0f ? dy[c] : slope * dy[c];
    const float value = factor[c] * (dz - from_mean[c] - (x[c] - mean[c]) * from_var[c]);
    dx[c] = accumulate ? dx[c] + value : value;
  }
}

template <bool accumulate>
void slope_row(int64_t channels, const float* dy, const float* y, float slope, float* __restrict dx) {
  for (int64_t c = 0; c < channels; ++c) {
    const float dz = y[c] > 0.0f ? dy[c] : slope * dy[c];
    dx[c] = accumulate ? dx[c] + dz : dz;
  }
}

}  // namespace detail

inline void batch_norm(const BatchNormArgs& a, Stream) {
  const int64_t rows = a.x.shape.rows(), channels = a.x.shape.back();
  normalisation_statistics(a, rows);
  std::vector<float> factor(static_cast<size_t>(channels)), offset(factor.size());
  for (int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<size_t>(c);
    factor[i] = a.inv_std.f32()[c] * (a.scale.data ? a.scale.f32()[c] : 1.0f);
    offset[i] = (a.shift.data ? a.shift.f32()[c] : 0.0f) - a.mean.f32()[c] * factor[i];
  }
  const float slope = detail::slope_of(a.activation);
  parallel_chunks(rows, channels, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin * channels; at < end * channels; at += channels) {
      if (a.residual.data)
        detail::scale_shift_add_row(channels, a.x.f32() + at, a.residual.f32() + at, factor.data(),
                                    offset.data(), slope, a.y.f32() + at);
      else
        detail::scale_shift_row(channels, a.x.f32() + at, factor.data(), offset.data(), slope,
                                a.y.f32() + at);
    }
  });
}

inline void batch_norm_grad(const BatchNormGradArgs& a, Stream) {
  const int64_t rows = a.dy.shape.rows(), channels = a.dy.shape.back();
  const bool with_x = a.dscale.data || a.dx.data;
  // Where x and its statistics are not needed they have no memory: stand-ins keep the loops free of branches.
  const std::vector<float> none(with_x ? 0 : static_cast<size_t>(channels), 0.0f);
  const float* dy = a.dy.f32();
  const float* x = with_x ? a.x.f32() : dy;
  const float *mean = with_x ? a.mean.f32() : none.data(), *inv_std = with_x ? a.inv_std.f32() : none.data();
  // Without activation the sign of y does not matter: any address of the right size will do.
  const float* y = a.activation == Activation::none ? dy : a.y.f32();
  const float slope = detail::slope_of(a.activation);

  std::vector<double> sums;
  if (a.dscale.data || a.dshift.data || (a.dx.data && a.training)) {
    sums = column_sums(rows, 2 * channels, [&](int64_t begin, int64_t end, float* partial) {
      for (int64_t at = begin * channels; at < end * channels; at += channels)
        detail::grad_sums_row(channels, dy + at, y + at, x + at, mean, slope, partial, partial + channels);
    });
    for (int64_t c = 0; c < channels; ++c)
      sums[static_cast<size_t>(channels + c)] *= static_cast<double>(inv_std[c]);
    put_columns(a.dshift, sums, 0);
    put_columns(a.dscale, sums, channels);
  }

  std::vector<float> factor(static_cast<size_t>(channels)), from_mean(factor.size()), from_var(factor.size());
  for (int64_t c = 0; c < channels && a.dx.data; ++c) {
    const auto i = static_cast<size_t>(c);
    factor[i] = inv_std[c] * (a.scale.data ? a.scale.f32()[c] : 1.0f);
    if (!a.training) continue;
    from_mean[i] = static_cast<float>(sums[i] / static_cast<double>(rows));
    from_var[i] =
        static_cast<float>(sums[static_cast<size_t>(channels) + i] / static_cast<double>(rows)) * inv_std[c];
  }
  const detail::BatchNormRow row{factor.data(), mean, from_mean.data(), from_var.data(), slope};
  if (a.dx.data || a.dresidual.data) {
    parallel_chunks(rows, channels, [&](int64_t begin, int64_t end) {
      for (int64_t at = begin * channels; at < end * channels; at += channels) {
        if (a.dx.data) {
          const auto grad = a.dx.accumulate ? detail::grad_row<true> : detail::grad_row<false>;
          grad(channels, dy + at, y + at, x + at, row, a.dx.f32() + at);
        }
        if (a.dresidual.data) {
          const auto grad = a.dresidual.accumulate ? detail::slope_row<true> : detail::slope_row<false>;
          grad(channels, dy + at, y + at, slope, a.dresidual.f32() + at);
        }
      }
    });
  }
}

}  // namespace t2ue::cpu
