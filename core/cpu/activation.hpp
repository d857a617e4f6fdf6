// Point-wise non-linearities and their derivatives.
#pragma once

#include <cmath>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline constexpr float leaky_slope = 0.2f;

inline float sigmoid(float x) {
  return 1.0f / (1.0f + std::exp(-x));
}

inline float apply_activation(Activation kind, float x) {
  switch (kind) {
    case Activation::none:
      return x;
    case Activation::relu:
      return x > 0.0f ? x : 0.0f;
    case Activation::leaky_relu:
      return x > 0.0f ? x : leaky_slope * x;
    case Activation::gelu:
      return 0.5f * x * (1.0f + std::erf(x * 0.70710678f));
    case Activation::quick_gelu:
      return x * sigmoid(1.702f * x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
  }
  return x;
}

/// The derivative from what was saved: the input for the gelus, the output for all others.
inline float activation_slope(Activation kind, float saved) {
  switch (kind) {
    case Activation::none:
      return 1.0f;
    case Activation::relu:
      return saved > 0.0f ? 1.0f : 0.0f;
    case Activation::leaky_relu:
      return saved > 0.0f ? 1.0f : leaky_slope;
    case Activation::gelu:
      return 0.5f * (1.0f + std::erf(saved * 0.70710678f)) +
             saved * 0.39894228f * std::exp(-0.5f * saved * saved);
    case Activation::quick_gelu: {
      const float s = sigmoid(1.702f * saved);
      return s + 1.702f * saved * s * (1.0f - s);
    }
    case Activation::tanh:
      return 1.0f - saved * saved;
    case Activation::sigmoid:
      return saved * (1.0f - saved);
  }
  return 1.0f;
}

inline void activation(const ActivationArgs& a, Stream) {
  const float* x = a.x.f32();
  float* y = a.y.f32();
  parallel_ranges(a.x.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = apply_activation(a.activation, x[i]);
  });
}

inline void activation_grad(const ActivationGradArgs& a, Stream) {
  const float *saved = a.saved.f32(), *dy = a.dy.f32();
  float* dx = a.dx.f32();
  parallel_ranges(a.dy.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      put(dx[i], dy[i] * activation_slope(a.activation, saved[i]), a.dx.accumulate);
  });
}

}  // namespace t2ue::cpu
