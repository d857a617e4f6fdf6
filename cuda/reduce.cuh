// Sums and maxima over a warp and a block, in a fixed order: the same bits at every run.
#pragma once

#include <t2ue/cuda/device.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Every lane gets the sum over the warp's 32 lanes.
__device__ __forceinline__ float warp_sum(float value) {
  for (int mask = 16; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}
__device__ __forceinline__ float warp_max(float value) {
  for (int mask = 16; mask > 0; mask /= 2) value = fmaxf(value, shuffle_xor(value, mask));
  return value;
}

/// Every thread gets the sum over its block of up to 1024 threads, a multiple of 32. `slots`: 32 shared
/// floats, free to use again after the next barrier.
__device__ __forceinline__ float block_sum(float value, float* slots) {
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int warps = static_cast<int>(blockDim.x / 32);
  value = warp_sum(value);
  T2UE_SYNC_BLOCK();
  if (lane == 0) slots[warp] = value;
  T2UE_SYNC_BLOCK();
  return warp_sum(lane < warps ? slots[lane] : 0.0f);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
