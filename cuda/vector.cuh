// Several elements in one memory access, and number formats that compute in float.
#pragma once

#include <t2ue/cuda/device.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// N elements read or written at once; the address must be aligned to their size.
template <class T, int N>
struct alignas(sizeof(T) * N) Vector {
  T at[N];
};
/// As many elements as fit 16 bytes.
template <class T>
inline constexpr int vector_width = 16 / static_cast<int>(sizeof(T));

template <class T>
__device__ __forceinline__ float load(const T* from, int64_t i) {
  return static_cast<float>(from[i]);
}
/// to[i] = value, or += where `accumulate`.
template <class T>
__device__ __forceinline__ void store(T* to, int64_t i, float value, bool accumulate = false) {
  to[i] = static_cast<T>(accumulate ? static_cast<float>(to[i]) + value : value);
}

/// Calls f with a null pointer of the view's element type: float or bf16. Error naming `where` for others.
template <class F>
void with_type_of(const char* where, const View& view, F&& f) {
  if (view.dtype == DType::f32) return f(static_cast<float*>(nullptr));
  if (view.dtype == DType::bf16) return f(static_cast<bf16*>(nullptr));
  fail(where, "has CUDA kernels for f32 and bf16, got ", name_of(view.dtype), view.shape);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
