// Limit, add, clamp, quantise and normalise in one pass.
#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

/// A raw generator output kept within eps (a factor's derivative is in limiter_slope).
inline float limit(Limiter limiter, float raw, float eps) {
  switch (limiter) {
    case Limiter::none:
      return raw;
    case Limiter::tanh_scale:
      return eps * std::tanh(raw);
    case Limiter::clamp:
      return std::clamp(std::tanh(raw), -eps, eps);
  }
  return raw;
}

inline float limiter_slope(Limiter limiter, float raw, float eps) {
  if (limiter == Limiter::none) return 1.0f;
  const float t = std::tanh(raw), slope = 1.0f - t * t;
  if (limiter == Limiter::tanh_scale) return eps * slope;
  return std::abs(t) <= eps ? slope : 0.0f;
}

/// A pixel in [0,1] from f32 or u8 storage.
inline float pixel_at(const View& image, int64_t i) {
  return image.dtype == DType::u8 ? static_cast<float>(image.as<uint8_t>()[i]) * (1.0f / 255.0f)
                                  : image.f32()[i];
}

inline void perturb(const PerturbArgs& a, Stream) {
  const float* raw = a.raw.f32();
  parallel_ranges(a.y.elements() / 3, [&](int64_t begin, int64_t end) {
    for (int64_t i = 3 * begin; i < 3 * end; ++i) {
      float value = raw ? limit(a.limiter, raw[i], a.eps) : 0.0f;
      if (a.image.data) value = std::clamp(pixel_at(a.image, i) + value, 0.0f, 1.0f);
      if (a.quantise) value = std::nearbyint(value * 255.0f) * (1.0f / 255.0f);
      a.y.f32()[i] = (value - a.mean[i % 3]) / a.std[i % 3];
    }
  });
}

inline void perturb_grad(const PerturbGradArgs& a, Stream) {
  const float *raw = a.raw.f32(), *dy = a.dy.f32();
  parallel_ranges(a.dy.elements() / 3, [&](int64_t begin, int64_t end) {
    for (int64_t i = 3 * begin; i < 3 * end; ++i) {
      float slope = limiter_slope(a.limiter, raw[i], a.eps) / a.std[i % 3];
      if (a.image.data) {
        const float sum = pixel_at(a.image, i) + limit(a.limiter, raw[i], a.eps);
        if (sum < 0.0f || sum > 1.0f) slope = 0.0f;
      }
      put(a.draw.f32()[i], dy[i] * slope, a.draw.accumulate);
    }
  });
}

}  // namespace t2ue::cpu
