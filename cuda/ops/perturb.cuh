// Adds a perturbation to pictures in one pass.
#pragma once

#include <t2ue/cuda/pixels.cuh>
#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// Products in front of a sum are rounded by themselves (__fmul_rn), never fused with it: pixels are compared
/// and rounded, and the CPU must come to the same side.
struct Limit {
  Limiter limiter;
  float eps;

  __device__ __forceinline__ float value(float raw) const {
    if (limiter == Limiter::none) return raw;
    const float t = tanhf(raw);
    return limiter == Limiter::tanh_scale ? __fmul_rn(eps, t) : clamped(t, -eps, eps);
  }
  __device__ __forceinline__ float slope(float raw) const {
    if (limiter == Limiter::none) return 1.0f;
    const float t = tanhf(raw), slope = 1.0f - t * t;
    if (limiter == Limiter::tanh_scale) return eps * slope;
    return fabsf(t) <= eps ? slope : 0.0f;
  }
};

/// Elements that a thread takes, one access for each tensor.
constexpr int perturb_width = 4;
template <class T>
using Four = Vector<T, perturb_width>;

/// Elements [first, first + 4) where all of them exist and may be read at once, or those of them that exist.
template <class T>
__device__ __forceinline__ Four<T> load_four(const T* from, int64_t first, int64_t count, bool whole) {
  if (whole) return *reinterpret_cast<const Four<T>*>(from + first);
  Four<T> four{};
  for (int j = 0; j < perturb_width; ++j)
    if (first + j < count) four.at[j] = from[first + j];
  return four;
}
template <class T>
__device__ __forceinline__ void put_four(T* to, int64_t first, int64_t count, bool whole,
                                         const float (&values)[perturb_width], bool accumulate = false) {
  if (!whole) {
    for (int j = 0; j < perturb_width; ++j)
      if (first + j < count) store(to, first + j, values[j], accumulate);
    return;
  }
  Four<T> four{};
  if (accumulate) four = *reinterpret_cast<const Four<T>*>(to + first);
  for (int j = 0; j < perturb_width; ++j) store(four.at, j, values[j], accumulate);
  *reinterpret_cast<Four<T>*>(to + first) = four;
}

/// A pixel in [0,1].
__device__ __forceinline__ float pixel_of(uint8_t value) {
  return __fmul_rn(static_cast<float>(value), 1.0f / 255.0f);
}
__device__ __forceinline__ float pixel_of(float value) {
  return value;
}

template <class Image, class Raw, class Out>
__global__ void __launch_bounds__(picture_threads)
    perturb_pixels(int64_t count, bool aligned, const Image* __restrict__ image, const Raw* __restrict__ raw,
                   Out* __restrict__ y, Limit limit, bool quantise, PixelScale scale) {
  const int64_t group = static_cast<int64_t>(blockIdx.x) * picture_threads + threadIdx.x;
  const int64_t first = group * perturb_width;
  if (first >= count) return;
  const bool whole = aligned && first + perturb_width <= count;
  Four<Image> pixels{};
  Four<Raw> changes{};
  if (image) pixels = load_four(image, first, count, whole);
  if (raw) changes = load_four(raw, first, count, whole);
  auto channel = static_cast<unsigned>(first % 3);
  float out[perturb_width];
  for (int j = 0; j < perturb_width; ++j) {
    float value = raw ? limit.value(load(changes.at, j)) : 0.0f;
    if (image) value = clamped(pixel_of(pixels.at[j]) + value, 0.0f, 1.0f);
    if (quantise) value = rintf(value * 255.0f) * (1.0f / 255.0f);
    out[j] = (value - scale.mean(channel)) / scale.std(channel);
    channel = channel == 2 ? 0 : channel + 1;
  }
  put_four(y, first, count, whole, out);
}

template <class Image, class Raw, class Out>
__global__ void __launch_bounds__(picture_threads)
    perturb_pixels_grad(int64_t count, bool aligned, const Image* __restrict__ image,
                        const Raw* __restrict__ raw, const Out* __restrict__ dy, Raw* __restrict__ draw,
                        bool accumulate, Limit limit, PixelScale scale) {
  const int64_t group = static_cast<int64_t>(blockIdx.x) * picture_threads + threadIdx.x;
  const int64_t first = group * perturb_width;
  if (first >= count) return;
  const bool whole = aligned && first + perturb_width <= count;
  Four<Image> pixels{};
  if (image) pixels = load_four(image, first, count, whole);
  const Four<Raw> changes = load_four(raw, first, count, whole);
  const Four<Out> gradients = load_four(dy, first, count, whole);
  auto channel = static_cast<unsigned>(first % 3);
  float out[perturb_width];
  for (int j = 0; j < perturb_width; ++j) {
    const float change = load(changes.at, j);
    float slope = limit.slope(change) / scale.std(channel);
    if (image) {
      const float sum = pixel_of(pixels.at[j]) + limit.value(change);
      if (sum < 0.0f || sum > 1.0f) slope = 0.0f;
    }
    out[j] = load(gradients.at, j) * slope;
    channel = channel == 2 ? 0 : channel + 1;
  }
  put_four(draw, first, count, whole, out, accumulate);
}

/// Calls f with null pointers of the types of picture (u8 or f32), perturbation and result.
template <class F>
void with_picture_types(const char* where, const View& image, const View& raw, const View& result, F&& f) {
  with_type_of(where, raw, [&]<class Raw>(Raw* r) {
    with_type_of(where, result, [&]<class Out>(Out* o) {
      if (image.data && image.dtype == DType::u8) return f(static_cast<uint8_t*>(nullptr), r, o);
      check(!image.data || image.dtype == DType::f32, where, "a picture is u8 or f32, got ",
            name_of(image.dtype));
      f(static_cast<float*>(nullptr), r, o);
    });
  });
}

bool all_aligned(std::initializer_list<const void*> addresses) {
  for (const void* address : addresses)
    if (reinterpret_cast<uintptr_t>(address) % 16 != 0) return false;
  return true;
}

}  // namespace

void perturb(const PerturbArgs& a, Stream stream) {
  const int64_t count = a.y.elements();
  const bool aligned = all_aligned({a.image.data, a.raw.data, a.y.data});
  with_picture_types("perturb", a.image, a.raw, a.y,
                     [&]<class Image, class Raw, class Out>(Image*, Raw*, Out*) {
                       launch("perturb", perturb_pixels<Image, Raw, Out>,
                              dim3(blocks_for(count, picture_threads * perturb_width)), dim3(picture_threads),
                              0, stream, count, aligned, a.image.as<const Image>(), a.raw.as<const Raw>(),
                              a.y.as<Out>(), Limit{a.limiter, a.eps}, a.quantise, pixel_scale(a.mean, a.std));
                     });
}

void perturb_grad(const PerturbGradArgs& a, Stream stream) {
  const int64_t count = a.dy.elements();
  const bool aligned = all_aligned({a.image.data, a.raw.data, a.dy.data, a.draw.data});
  check(a.draw.dtype == a.raw.dtype, "perturb_grad", "a perturbation and its gradient have one type, got ",
        name_of(a.raw.dtype), " and ", name_of(a.draw.dtype));
  with_picture_types(
      "perturb_grad", a.image, a.raw, a.dy, [&]<class Image, class Raw, class Out>(Image*, Raw*, Out*) {
        launch("perturb_grad", perturb_pixels_grad<Image, Raw, Out>,
               dim3(blocks_for(count, picture_threads * perturb_width)), dim3(picture_threads), 0, stream,
               count, aligned, a.image.as<const Image>(), a.raw.as<const Raw>(), a.dy.as<const Out>(),
               a.draw.as<Raw>(), a.draw.accumulate, Limit{a.limiter, a.eps}, pixel_scale(nullptr, a.std));
      });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
