// Shared by kernels that work on the pixels of pictures.
#pragma once

#include <t2ue/cuda/device.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

inline constexpr int picture_threads = 256;

/// A mean and a deviation a channel. Plain members: an array that is indexed at run time would live in
/// memory.
struct PixelScale {
  float mean0, mean1, mean2, std0, std1, std2;

  __device__ __forceinline__ float mean(unsigned c) const { return c == 0 ? mean0 : c == 1 ? mean1 : mean2; }
  __device__ __forceinline__ float std(unsigned c) const { return c == 0 ? std0 : c == 1 ? std1 : std2; }
};

inline PixelScale pixel_scale(const float* mean, const float* std) {
  return {mean ? mean[0] : 0, mean ? mean[1] : 0, mean ? mean[2] : 0, std[0], std[1], std[2]};
}

/// Keeps NaN.
__device__ __forceinline__ float clamped(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
