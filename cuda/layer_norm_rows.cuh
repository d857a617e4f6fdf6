// How layer normalisation lays rows out over warps: what both directions share.
#pragma once

#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/vector.cuh>

namespace t2ue::cuda {

inline constexpr int layer_norm_warps = 8;
inline constexpr int layer_norm_block = 32 * layer_norm_warps;

/// N floats from an address aligned to 16 bytes, or to one float where N is 1.
template <int N>
struct Floats {
  static constexpr int part = N < 4 ? N : 4;
  Vector<float, part> parts[N / part];

  __device__ explicit Floats(const float* from) {
#pragma unroll
    for (int i = 0; i < N / part; ++i) parts[i] = reinterpret_cast<const Vector<float, part>*>(from)[i];
  }
  __device__ float operator[](int i) const {
    return parts[i / part].at[i % part];
  }
};

template <int Value>
using LayerNormSteps = std::integral_constant<int, Value>;

/// Calls f(N, Steps) as constants such that 32 * N * Steps covers a row and N fills 16 bytes where `aligned`;
/// false for rows that are too long.
template <class T, class F>
bool with_row_in_registers(int64_t channels, bool aligned, F&& f) {
  constexpr int wide = vector_width<T>;
  if (channels > 1024) return false;
  if (aligned && channels % wide == 0) {
    constexpr LayerNormSteps<wide> n;
    if (channels <= 256)
      f(n, LayerNormSteps<8 / wide>{});
    else if (channels <= 512)
      f(n, LayerNormSteps<16 / wide>{});
    else if (channels <= 768)
      f(n, LayerNormSteps<24 / wide>{});
    else
      f(n, LayerNormSteps<32 / wide>{});
  } else if (channels <= 256) {
    f(LayerNormSteps<1>{}, LayerNormSteps<8>{});
  } else {
    f(LayerNormSteps<1>{}, LayerNormSteps<32>{});
  }
  return true;
}

inline bool layer_norm_aligned(std::initializer_list<const View*> views) {
  for (const View* view : views)
    if (reinterpret_cast<uintptr_t>(view->data) % 16 != 0) return false;
  return true;
}

}  // namespace t2ue::cuda
