// Layer normalisation on the CPU, with the residual sum before it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void layer_norm(const LayerNormArgs& a, Stream) {
  const int64_t channels = a.x.shape.back();
  const float *scale = a.scale.f32(), *shift = a.shift.f32();
  parallel_for(a.x.shape.rows(), 8 * channels, [&](int64_t row) {
    const float* x = a.x.f32() + row * channels;
    if (a.residual) {
      const float* residual = a.residual.f32() + row * channels;
      float* sum = a.sum.f32() + row * channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] = x[c] + residual[c];
      x = sum;
    }
    double total = 0, squares = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t c = 0; c < channels; ++c) total += static_cast<double>(x[c]);
    const double mean = total / static_cast<double>(channels);
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < channels; ++c) {
      const double centred = static_cast<double>(x[c]) - mean;
      squares += centred * centred;
    }
    const double variance = squares / static_cast<double>(channels);
    const float middle = static_cast<float>(mean);
    const float inv_std = static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(a.eps)));
    a.mean.f32()[row] = middle;
    a.inv_std.f32()[row] = inv_std;
    float* y = a.y.f32() + row * channels;
    for (int64_t c = 0; c < channels; ++c) y[c] = (x[c] - middle) * inv_std * scale[c] + shift[c];
  });
}

/// With n the normalised row and g = dy*scale: dx = inv_std * (g - mean(g) - n*mean(g*n)) + dsum.
inline void layer_norm_grad(const LayerNormGradArgs& a, Stream) {
  const int64_t channels = a.dy.shape.back(), rows = a.dy.shape.rows();
  const bool wants_input = a.dx || a.dresidual, wants_affine = a.dscale || a.dshift;
  // Rows go in fixed chunks, each with its own sums of dscale and dshift, which are then added in order: the
  // result does not depend on the number of threads.
  constexpr int64_t chunk = 64;
  const int64_t chunks = (rows + chunk - 1) / chunk;
  std::vector<float> partial(wants_affine ? static_cast<size_t>(2 * chunks * channels) : 0, 0.0f);
  const float* scale = a.scale.f32();

  parallel_for(chunks, 8 * chunk * channels, [&](int64_t i) {
    std::vector<float> normalised(static_cast<size_t>(channels)), dinput(static_cast<size_t>(channels));
    float *n = normalised.data(), *d = dinput.data();
    for (int64_t row = i * chunk; row < std::min(rows, (i + 1) * chunk); ++row) {
      const float *x = a.normalised.f32() + row * channels, *dy = a.dy.f32() + row * channels;
      const float mean = a.mean.f32()[row], inv_std = a.inv_std.f32()[row];
      for (int64_t c = 0; c < channels; ++c) n[c] = (x[c] - mean) * inv_std;
      if (wants_affine) {
        float *dscale = partial.data() + 2 * i * channels, *dshift = dscale + channels;
        for (int64_t c = 0; c < channels; ++c) dscale[c] += dy[c] * n[c], dshift[c] += dy[c];
      }
      if (!wants_input) continue;
      double sum = 0, along = 0;
#pragma omp simd reduction(+ : sum, along)
      for (int64_t c = 0; c < channels; ++c) {
        const double g = static_cast<double>(dy[c] * scale[c]);
        sum += g;
        along += g * static_cast<double>(n[c]);
      }
      const float mean_g = static_cast<float>(sum / static_cast<double>(channels));
      const float mean_gn = static_cast<float>(along / static_cast<double>(channels));
      for (int64_t c = 0; c < channels; ++c) d[c] = inv_std * (dy[c] * scale[c] - mean_g - n[c] * mean_gn);
      if (a.dsum)
        for (int64_t c = 0; c < channels; ++c) d[c] += a.dsum.f32()[row * channels + c];
      // One after the other: x and residual may be the same value, and so may their gradients be.
      for (const GradView* to : {&a.dx, &a.dresidual})
        if (*to)
          for (int64_t c = 0; c < channels; ++c) put(to->f32()[row * channels + c], d[c], to->accumulate);
    }
  });

  const auto reduce = [&](const GradView& to, int64_t offset) {
    if (!to) return;
    for (int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < chunks; ++i)
        sum += static_cast<double>(partial[static_cast<size_t>(2 * i * channels + offset + c)]);
      put(to.f32()[c], static_cast<float>(sum), to.accumulate);
    }
  };
  reduce(a.dscale, 0);
  reduce(a.dshift, channels);
}

}  // namespace t2ue::cpu
