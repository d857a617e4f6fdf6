// Shared by element-wise kernels: access to memory 16 bytes at a time, and the remainder one by one.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

inline constexpr int block_threads = 256;

/// Reads n neighbouring elements as floats, 16 bytes an access; from + i must be aligned to them.
template <int n, class T>
__device__ __forceinline__ void load_some(const T* from, int64_t i, float (&to)[n]) {
  constexpr int piece = n < vector_width<T> ? n : vector_width<T>;
  static_assert(n % piece == 0);
  for (int p = 0; p < n; p += piece) {
    const auto values = *reinterpret_cast<const Vector<T, piece>*>(from + i + p);
    for (int j = 0; j < piece; ++j) to[p + j] = static_cast<float>(values.at[j]);
  }
}
/// Writes n neighbouring elements, or adds to them.
template <int n, class T>
__device__ __forceinline__ void store_some(T* to, int64_t i, const float (&from)[n],
                                           bool accumulate = false) {
  constexpr int piece = n < vector_width<T> ? n : vector_width<T>;
  static_assert(n % piece == 0);
  float values[n];
  for (int j = 0; j < n; ++j) values[j] = from[j];
  if (accumulate) {
    float before[n];
    load_some(to, i, before);
    for (int j = 0; j < n; ++j) values[j] += before[j];
  }
  for (int p = 0; p < n; p += piece) {
    if constexpr (std::is_same_v<T, bf16> && piece > 1) {
      Vector<uint32_t, piece / 2> pairs;
      for (int j = 0; j < piece; j += 2) pairs.at[j / 2] = bf16_pair(values[p + j], values[p + j + 1]);
      *reinterpret_cast<Vector<T, piece>*>(to + i + p) = __builtin_bit_cast(Vector<T, piece>, pairs);
    } else {
      Vector<T, piece> rounded;
      for (int j = 0; j < piece; ++j) rounded.at[j] = static_cast<T>(values[p + j]);
      *reinterpret_cast<Vector<T, piece>*>(to + i + p) = rounded;
    }
  }
}

/// The grid's threads share `count` elements: f.template operator()<n>(i) is called for n elements from i on,
/// n being N for whole vectors and 1 for the rest. Launch `blocks_for_elements` blocks.
template <int N, class F>
__device__ __forceinline__ void for_elements(int64_t count, F&& f) {
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * block_threads + threadIdx.x;
  const int64_t vectors = count / N;
  if (thread < vectors) return f.template operator()<N>(thread * N);
  const int64_t rest = vectors * N + (thread - vectors);
  if constexpr (N > 1) {
    if (rest < count) f.template operator()<1>(rest);
  }
}
inline unsigned blocks_for_elements(int64_t count, int width) {
  return blocks_for(count / width + count % width, block_threads);
}

/// Whether every address can be read in accesses of that many bytes. Null, an absent view, can.
inline bool aligned(std::initializer_list<const void*> addresses, size_t bytes = 16) {
  return std::all_of(addresses.begin(), addresses.end(), [bytes](const void* address) {
    return reinterpret_cast<uintptr_t>(address) % bytes == 0;
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
