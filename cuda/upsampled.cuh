// How a block covers a map and its nearest upsampling: it takes pixels of the small map, each with the up x
// up pixels made from it.
#pragma once

#include <t2ue/cuda/channels.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// A map [N,h,w,C] next to its upsampling [N,h*up,w*up,C]: `chunks` blocks a picture take `chunk` pixels of
/// the small map each.
struct UpsampledMap {
  int64_t channels = 0;
  int width = 0, plane = 0;  ///< of the small map: w, and h*w
  int up = 1, chunk = 0, chunks = 0;
  Tile tile;

  dim3 grid(int64_t batch) const {
    return dim3(static_cast<unsigned>(batch * chunks), static_cast<unsigned>(tile.slices));
  }
};

/// `each`: small pixels that a thread takes at least. No more than about `most` blocks where that is given.
inline UpsampledMap upsampled_map(const char* where, const Shape& small, int up, Tile tile, int each,
                                  int64_t most = 0) {
  const int64_t plane = small[1] * small[2];
  check(plane * up * up < (int64_t{1} << 31), where, "a map of ", small, " upsampled by ", up,
        " has 2^31 pixels or more in a plane; use smaller pictures");
  UpsampledMap map;
  map.channels = small[3], map.width = static_cast<int>(small[2]), map.plane = static_cast<int>(plane);
  map.up = up, map.tile = tile;
  if (small.elements() == 0) return map;
  int64_t chunk = static_cast<int64_t>(tile.down) * each;
  if (most > 0) {
    const int64_t a_picture = most / (small[0] * tile.slices) > 1 ? most / (small[0] * tile.slices) : 1;
    const int64_t least = (plane + a_picture - 1) / a_picture;
    if (chunk < least) chunk = (least + tile.down - 1) / tile.down * tile.down;
  }
  map.chunk = static_cast<int>(chunk < plane ? chunk : plane);
  map.chunks = static_cast<int>((plane + map.chunk - 1) / map.chunk);
  return map;
}

/// What the block takes: picture n's pixels [first, last) of the small map.
struct Chunk {
  int64_t n;
  int first, last;
};
__device__ __forceinline__ Chunk chunk_of_block(const UpsampledMap& map) {
  const unsigned n = blockIdx.x / static_cast<unsigned>(map.chunks);
  const int first = static_cast<int>(blockIdx.x - n * static_cast<unsigned>(map.chunks)) * map.chunk;
  return {n, first, map.plane - first < map.chunk ? map.plane : first + map.chunk};
}

/// The plane's large pixels that came from small pixel p: place k of up*up, row by row. Up: a known factor,
/// or 0.
template <int Up>
struct LargePixels {
  int up, corner, stride;

  __device__ __forceinline__ LargePixels(const UpsampledMap& map, int p) : up(Up ? Up : map.up) {
    if constexpr (Up == 1) {
      corner = p, stride = 0;
      return;
    }
    const int row = static_cast<int>(static_cast<unsigned>(p) / static_cast<unsigned>(map.width));
    stride = map.width * up;
    corner = row * up * stride + (p - row * map.width) * up;
  }
  __device__ __forceinline__ int count() const { return up * up; }
  __device__ __forceinline__ int operator[](int k) const { return corner + k / up * stride + k % up; }
};

/// Calls f with std::integral_constant<int, Up>: 1 and 2 are compiled for, 0 reads the factor at run time.
template <class F>
void with_factor(int up, F&& f) {
  if (up == 1) return f(std::integral_constant<int, 1>{});
  if (up == 2) return f(std::integral_constant<int, 2>{});
  f(std::integral_constant<int, 0>{});
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
