// Sums in double over a block, in a fixed order: for the last stage of a loss or a norm.
#pragma once

#include <t2ue/cuda/device.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

inline constexpr int wide_threads = 1024;

/// Thread 0 gets the sum over a block of `threads`, a power of two. `slots`: one shared double a thread.
template <int threads>
__device__ __forceinline__ double wide_block_sum(double value, double* slots) {
  slots[threadIdx.x] = value;
  for (unsigned half = threads / 2; half > 0; half /= 2) {
    T2UE_SYNC_BLOCK();
    if (threadIdx.x < half) slots[threadIdx.x] = value += slots[threadIdx.x + half];
  }
  return value;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
