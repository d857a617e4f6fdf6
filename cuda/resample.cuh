// Resampling along one axis: which inputs an output reads, with which weights, and which outputs read an
// input. Coordinates are fractions of whole numbers, computed exactly, so that nothing depends on how floats
// round.
#pragma once

#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Those of Resampler, and bilinear with aligned corners.
enum class Taps { nearest, tile, bilinear, area, bicubic, aligned };

/// The kernel of Keys (1981), a = -0.75.
__device__ __forceinline__ float cubic_kernel(float distance) {
  constexpr float a = -0.75f;
  const float t = fabsf(distance);
  if (t <= 1.0f) return ((a + 2.0f) * t - (a + 3.0f)) * t * t + 1.0f;
  return t < 2.0f ? ((a * t - 5.0f * a) * t + 8.0f * a) * t - 4.0f * a : 0.0f;
}

/// Outputs begin, begin + step, ... below end.
struct OutputRange {
  int begin, end, step;
};

/// An axis of `from` pixels resampled to `to`. Output i reads inputs first(i) .. first(i)+count(i)-1 by
/// weight.
template <Taps kind>
struct ResampleAxis {
  int from, to;
  int whole;   ///< the denominator of coordinates: bilinear and bicubic ones are numerator(i) / whole
  float unit;  ///< 1 / the weights' denominator

  __device__ __forceinline__ int numerator(int i) const {
    if constexpr (kind == Taps::aligned) return i * (from - 1);
    if constexpr (kind == Taps::bicubic) return (2 * i + 1) * from - to;
    const int at = (2 * i + 1) * from - to, most = whole * (from - 1);
    return at < 0 ? 0 : at > most ? most : at;
  }
  /// bicubic: the input just before the coordinate, -1 where that lies beyond the edge.
  __device__ __forceinline__ int centre(int i) const { return (numerator(i) + whole) / whole - 1; }
  __device__ __forceinline__ int first(int i) const {
    if constexpr (kind == Taps::nearest || kind == Taps::area) return i * from / to;
    if constexpr (kind == Taps::tile) return i % from;
    if constexpr (kind == Taps::bicubic) return centre(i) > 1 ? centre(i) - 1 : 0;
    const int low = numerator(i) / whole, last = from > 2 ? from - 2 : 0;
    return low < last ? low : last;
  }
  __device__ __forceinline__ int count(int i) const {
    if constexpr (kind == Taps::nearest || kind == Taps::tile) return 1;
    if constexpr (kind == Taps::area) return ((i + 1) * from + to - 1) / to - i * from / to;
    if constexpr (kind == Taps::bicubic) {
      const int last = centre(i) + 2 < from ? centre(i) + 2 : from - 1;
      return last - first(i) + 1;
    }
    return from > 1 ? 2 : 1;
  }
  /// What output i reads from input k: 0 where it reads nothing. nearest and tile are only asked where they
  /// read.
  __device__ __forceinline__ float weight(int i, int k) const {
    if constexpr (kind == Taps::nearest || kind == Taps::tile) return 1.0f;
    if constexpr (kind == Taps::bicubic) {
      // Inputs beyond an edge are that edge's.
      const int low = k > 0 ? k : centre(i) - 1, high = k < from - 1 ? k : centre(i) + 2;
      float sum = 0.0f;
      for (int j = low; j <= high; ++j)
        sum += cubic_kernel(static_cast<float>(numerator(i) - j * whole) * unit);
      return sum;
    }
    int share = 0;
    if constexpr (kind == Taps::area) {
      const int begin = i * from > k * to ? i * from : k * to;
      const int end = (i + 1) * from < (k + 1) * to ? (i + 1) * from : (k + 1) * to;
      share = end - begin;
    } else {
      const int distance = numerator(i) - k * whole;
      share = whole - (distance < 0 ? -distance : distance);
    }
    return share > 0 ? static_cast<float>(share) * unit : 0.0f;
  }
  /// All outputs that read input k, and perhaps a few whose weight is 0.
  __device__ __forceinline__ OutputRange outputs(int k) const {
    if constexpr (kind == Taps::tile) return {k, to, from};
    int begin = 0, end = to;
    if constexpr (kind == Taps::nearest) {
      begin = (k * to + from - 1) / from, end = ((k + 1) * to + from - 1) / from;
    } else if constexpr (kind == Taps::area) {
      begin = k * to / from, end = ((k + 1) * to + from - 1) / from;
    } else if constexpr (kind == Taps::bilinear) {
      const int before = (2 * k - 1) * to - from;
      if (k > 0 && before > 0) begin = before / (2 * from);
      if (k < from - 1) end = ((2 * k + 3) * to + from - 1) / (2 * from);
    } else if constexpr (kind == Taps::bicubic) {
      const int before = (2 * k - 3) * to - from;
      if (before > 0) begin = before / (2 * from);
      end = ((2 * k + 5) * to + from - 1) / (2 * from);
    } else if (from > 1) {
      if (k > 0) begin = (k - 1) * whole / (from - 1);
      end = ((k + 1) * whole + from - 2) / (from - 1);
    }
    return {begin, end < to ? end : to, 1};
  }
};

template <Taps kind>
ResampleAxis<kind> resample_axis(const char* where, int64_t from, int64_t to) {
  check(from * to < (int64_t{1} << 28), where, "CUDA kernels resample ", from, " pixels to ", to,
        ": the product must be below 2^28; go by way of a size between them");
  ResampleAxis<kind> axis{static_cast<int>(from), static_cast<int>(to), 1, 1.0f};
  if (kind == Taps::bilinear || kind == Taps::bicubic) axis.whole = 2 * axis.to;
  if (kind == Taps::aligned) axis.whole = axis.to > 1 ? axis.to - 1 : 1;
  axis.unit = 1.0f / static_cast<float>(kind == Taps::area ? axis.from : axis.whole);
  return axis;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
