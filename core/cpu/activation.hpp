// Point-wise non-linearities and their derivatives.
#pragma once

#include <cmath>

#include <t2ue/core/cpu/math.hpp>
#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline constexpr float leaky_slope = 0.2f;

[[gnu::always_inline]] inline float sigmoid(float x) {
  return 1.0f / (1.0f + fast_exp(-x));
}

template <Activation kind>
[[gnu::always_inline]] inline float apply_activation(float x) {
  // Written so that a NaN comes through.
  if constexpr (kind == Activation::relu) return x < 0.0f ? 0.0f : x;
  if constexpr (kind == Activation::leaky_relu) return x < 0.0f ? leaky_slope * x : x;
  if constexpr (kind == Activation::gelu) return 0.5f * x * (1.0f + fast_erf(x * 0.70710678f));
  if constexpr (kind == Activation::quick_gelu) return x * sigmoid(1.702f * x);
  if constexpr (kind == Activation::tanh) return std::tanh(x);
  if constexpr (kind == Activation::sigmoid) return sigmoid(x);
  return x;
}

/// The derivative from what was saved: the input for the gelus, the output for all others.
template <Activation kind>
[[gnu::always_inline]] inline float activation_slope(float saved) {
  if constexpr (kind == Activation::relu) return saved > 0.0f ? 1.0f : 0.0f;
  if constexpr (kind == Activation::leaky_relu) return saved > 0.0f ? 1.0f : leaky_slope;
  if constexpr (kind == Activation::gelu)
    return 0.5f * (1.0f + fast_erf(saved * 0.70710678f)) +
           saved * 0.39894228f * fast_exp(-0.5f * saved * saved);
  if constexpr (kind == Activation::quick_gelu) {
    const float s = sigmoid(1.702f * saved);
    return s + 1.702f * saved * s * (1.0f - s);
  }
  if constexpr (kind == Activation::tanh) return 1.0f - saved * saved;
  if constexpr (kind == Activation::sigmoid) return saved * (1.0f - saved);
  return 1.0f;
}

/// Calls f.template operator()<kind>() so that its loops are compiled for one activation each, and vectorise.
template <class F>
void for_activation(Activation kind, F&& f) {
  switch (kind) {
    case Activation::none:
      return f.template operator()<Activation::none>();
    case Activation::relu:
      return f.template operator()<Activation::relu>();
    case Activation::leaky_relu:
      return f.template operator()<Activation::leaky_relu>();
    case Activation::gelu:
      return f.template operator()<Activation::gelu>();
    case Activation::quick_gelu:
      return f.template operator()<Activation::quick_gelu>();
    case Activation::tanh:
      return f.template operator()<Activation::tanh>();
    case Activation::sigmoid:
      return f.template operator()<Activation::sigmoid>();
  }
}

/// y = activation(x + bias), bias absent or one number a column; y may be x.
inline void activate_row(Activation activation, int64_t count, const float* x, const float* bias, float* y) {
  for_activation(activation, [&]<Activation kind>() {
    if (bias)
      for (int64_t i = 0; i < count; ++i) y[i] = apply_activation<kind>(x[i] + bias[i]);
    else
      for (int64_t i = 0; i < count; ++i) y[i] = apply_activation<kind>(x[i]);
  });
}

/// dx = dy * slope(saved), overwriting or accumulating.
inline void activate_grad_row(Activation activation, int64_t count, const float* saved, const float* dy,
                              bool accumulate, float* dx) {
  for_activation(activation, [&]<Activation kind>() {
    if (accumulate)
      for (int64_t i = 0; i < count; ++i) dx[i] += dy[i] * activation_slope<kind>(saved[i]);
    else
      for (int64_t i = 0; i < count; ++i) dx[i] = dy[i] * activation_slope<kind>(saved[i]);
  });
}

inline void activation(const ActivationArgs& a, Stream) {
  parallel_ranges(a.x.elements(), [&](int64_t begin, int64_t end) {
    activate_row(a.activation, end - begin, a.x.f32() + begin, nullptr, a.y.f32() + begin);
  });
}

inline void activation_grad(const ActivationGradArgs& a, Stream) {
  parallel_ranges(a.dy.elements(), [&](int64_t begin, int64_t end) {
    activate_grad_row(a.activation, end - begin, a.saved.f32() + begin, a.dy.f32() + begin, a.dx.accumulate,
                      a.dx.f32() + begin);
  });
}

}  // namespace t2ue::cpu
