// exp and erf that compilers turn into vector code: no table, no branch, no call.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace t2ue::cpu {

/// e^x within 2 units in the last place; 0 below -87.3, infinity above 88.7, NaN for NaN.
[[gnu::always_inline]] inline float fast_exp(float x) {
  const float inside = x < -87.3f ? -87.3f : x > 88.7f ? 88.7f : x;
  // x = n ln 2 + r, |r| <= ln2/2; adding and subtracting 1.5 * 2^23 rounds to a whole number.
  const float n = (inside * 1.44269504f + 12582912.0f) - 12582912.0f;
  const float r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float fraction = p * r * r + r + 1.0f;
  // 2^n in two factors, so that n = 128 does not overflow the exponent field.
  const auto half = static_cast<int32_t>(n) / 2, rest = static_cast<int32_t>(n) - half;
  const float low = std::bit_cast<float>((half + 127) << 23), high = std::bit_cast<float>((rest + 127) << 23);
  const float value = fraction * low * high;
  return x < -87.3f ? 0.0f : x > 88.7f ? INFINITY : x != x ? x : value;
}

/// erf(x), absolute error below 5e-7 (Abramowitz and Stegun 7.1.26).
[[gnu::always_inline]] inline float fast_erf(float x) {
  const float size = x < 0.0f ? -x : x;
  const float t = 1.0f / (1.0f + 0.3275911f * size);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float value = 1.0f - p * t * fast_exp(-size * size);
  return x < 0.0f ? -value : value;
}

}  // namespace t2ue::cpu
