// How layer normalisation lays rows out over warps: what both directions share.
#pragma once

#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

inline constexpr int layer_norm_warps = 8;
inline constexpr int layer_norm_block = 32 * layer_norm_warps;

/// N floats from an address aligned to 16 bytes.
template <int N>
struct Floats {
  Vector<float, 4> parts[N / 4];

  __device__ explicit Floats(const float* from) {
#pragma unroll
    for (int i = 0; i < N / 4; ++i) parts[i] = reinterpret_cast<const Vector<float, 4>*>(from)[i];
  }
  __device__ float operator[](int i) const {
    return parts[i / 4].at[i % 4];
  }
};

template <int Value>
using LayerNormSteps = std::integral_constant<int, Value>;

/// Calls f with the number of 16-byte accesses by which a warp covers a row, as a constant; false for rows
/// that are too long for its registers or cannot be cut into such accesses.
template <class T, class F>
bool with_row_in_registers(int64_t channels, bool aligned, F&& f) {
  constexpr int wide = vector_width<T>;
  if (!aligned || channels > 1024 || channels % wide != 0) return false;
  if (channels <= 256)
    f(LayerNormSteps<8 / wide>{});
  else if (channels <= 512)
    f(LayerNormSteps<16 / wide>{});
  else if (channels <= 768)
    f(LayerNormSteps<24 / wide>{});
  else
    f(LayerNormSteps<32 / wide>{});
  return true;
}

/// Threads for a row that takes a block.
inline unsigned threads_of_long_row(int64_t channels) {
  return channels < layer_norm_block ? blocks_for(channels, 32) * 32 : layer_norm_block;
}

inline bool layer_norm_aligned(std::initializer_list<const View*> views) {
  for (const View* view : views)
    if (reinterpret_cast<uintptr_t>(view->data) % 16 != 0) return false;
  return true;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
