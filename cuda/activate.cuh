// Point-wise non-linearities and their derivatives, and the element-wise kernel of the derivatives that
// several launchers share.
#pragma once

#include <t2ue/cuda/pointwise.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

inline constexpr float leaky_slope = 0.2f;

/// Its absolute error is that of a float near 1, which is all that a sum or a product with it sees.
__device__ __forceinline__ float sigmoid(float x) {
#if defined(__CUDA_ARCH__)
  return __fdividef(1.0f, 1.0f + __expf(-x));
#else
  return 1.0f / (1.0f + expf(-x));
#endif
}

template <Activation kind>
__device__ __forceinline__ float apply_activation(float x) {
  // Written so that a NaN comes through.
  if constexpr (kind == Activation::relu) return x < 0.0f ? 0.0f : x;
  if constexpr (kind == Activation::leaky_relu) return x < 0.0f ? leaky_slope * x : x;
  if constexpr (kind == Activation::gelu) return 0.5f * x * (1.0f + erff(x * 0.70710678f));
  if constexpr (kind == Activation::quick_gelu) return x * sigmoid(1.702f * x);
  if constexpr (kind == Activation::tanh) return tanhf(x);
  if constexpr (kind == Activation::sigmoid) return sigmoid(x);
  return x;
}

/// The derivative from what was saved: the input for the gelus, the output for all others.
template <Activation kind>
__device__ __forceinline__ float activation_slope(float saved) {
  if constexpr (kind == Activation::relu) return saved > 0.0f ? 1.0f : 0.0f;
  if constexpr (kind == Activation::leaky_relu) return saved > 0.0f ? 1.0f : leaky_slope;
  if constexpr (kind == Activation::gelu)
    return 0.5f * (1.0f + erff(saved * 0.70710678f)) + saved * 0.39894228f * expf(-0.5f * saved * saved);
  if constexpr (kind == Activation::quick_gelu) {
    const float s = sigmoid(1.702f * saved);
    return s + 1.702f * saved * s * (1.0f - s);
  }
  if constexpr (kind == Activation::tanh) return 1.0f - saved * saved;
  if constexpr (kind == Activation::sigmoid) return saved * (1.0f - saved);
  return 1.0f;
}

/// Calls f.template operator()<kind>(): one branch for a whole vector, its loops compiled for one activation.
template <class F>
__device__ __forceinline__ void for_activation(Activation kind, F&& f) {
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

template <int n>
__device__ __forceinline__ void activate(Activation activation, float (&x)[n]) {
  for_activation(activation, [&]<Activation kind>() {
    for (int j = 0; j < n; ++j) x[j] = apply_activation<kind>(x[j]);
  });
}
/// dy becomes dy * slope(saved).
template <int n>
__device__ __forceinline__ void activate_grad(Activation activation, const float (&saved)[n],
                                              float (&dy)[n]) {
  for_activation(activation, [&]<Activation kind>() {
    for (int j = 0; j < n; ++j) dy[j] *= activation_slope<kind>(saved[j]);
  });
}

/// dx = (or +=) dy * slope(saved) over `count` elements.
template <class T, int N>
__global__ void activation_grad_kernel(int64_t count, Activation activation, const T* saved, const T* dy,
                                       T* dx, bool accumulate) {
  for_elements<N>(count, [&]<int n>(int64_t i) {
    float s[n], d[n];
    load_some(saved, i, s);
    load_some(dy, i, d);
    activate_grad(activation, s, d);
    store_some(dx, i, d, accumulate);
  });
}

template <class T>
void launch_activation_grad(const char* name, int64_t count, Activation activation, const T* saved,
                            const T* dy, T* dx, bool accumulate, Stream stream) {
  constexpr int wide = vector_width<T>;
  if (aligned({saved, dy, dx}))
    launch(name, activation_grad_kernel<T, wide>, dim3(blocks_for_elements(count, wide)), dim3(block_threads),
           0, stream, count, activation, saved, dy, dx, accumulate);
  else
    launch(name, activation_grad_kernel<T, 1>, dim3(blocks_for_elements(count, 1)), dim3(block_threads), 0,
           stream, count, activation, saved, dy, dx, accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
