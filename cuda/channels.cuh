// Access to matrices and maps whose innermost size is channels: several channels at a time, and how blocks of
// threads cover rows of them.
#pragma once

#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// V neighbouring channels as they lie in memory: 1 of them, or a whole number of 32-bit words.
template <class T, int V>
struct Channels {
  static constexpr int words = V == 1 ? 1 : V * static_cast<int>(sizeof(T)) / 4;
  Vector<std::conditional_t<V == 1, T, uint32_t>, words> data;

  __device__ __forceinline__ float operator[](int i) const {
    if constexpr (V == 1) {
      return static_cast<float>(data.at[0]);
    } else if constexpr (std::is_same_v<T, bf16>) {
      const uint32_t pair = data.at[i / 2];
      return __builtin_bit_cast(float, i % 2 ? pair & 0xffff0000u : pair << 16);
    } else {
      return __builtin_bit_cast(float, data.at[i]);
    }
  }
};

template <int V, class T>
__device__ __forceinline__ Channels<T, V> load_channels(const T* from) {
  Channels<T, V> channels;
  channels.data = *reinterpret_cast<const decltype(channels.data)*>(from);
  return channels;
}

/// to[0..V) = values, rounded to T.
template <class T, int V>
__device__ __forceinline__ void store_channels(T* to, const float (&values)[V]) {
  if constexpr (V == 1) {
    to[0] = static_cast<T>(values[0]);
  } else {
    decltype(Channels<T, V>::data) data;
    for (int i = 0; i < Channels<T, V>::words; ++i)
      if constexpr (std::is_same_v<T, bf16>)
        data.at[i] = bf16_pair(values[2 * i], values[2 * i + 1]);
      else
        data.at[i] = __builtin_bit_cast(uint32_t, values[i]);
    *reinterpret_cast<decltype(data)*>(to) = data;
  }
}
/// The same, or to[0..V) += values.
template <class T, int V>
__device__ __forceinline__ void put_channels(T* to, const float (&values)[V], bool accumulate) {
  if (!accumulate) return store_channels<T, V>(to, values);
  const Channels<T, V> before = load_channels<V>(to);
  float sums[V];
  for (int i = 0; i < V; ++i) sums[i] = before[i] + values[i];
  store_channels<T, V>(to, sums);
}

/// Calls f with std::integral_constant<int, V>: the most channels, up to 16 bytes of them, that divide
/// `channels` and suit the alignment of every address (null ones suit any).
template <class T, class F>
void with_channel_width(int64_t channels, std::initializer_list<const void*> addresses, F&& f) {
  const auto fits = [&](int width) {
    for (const void* address : addresses)
      if (reinterpret_cast<uintptr_t>(address) % (static_cast<size_t>(width) * sizeof(T)) != 0) return false;
    return channels % width == 0;
  };
  if (fits(vector_width<T>)) return f(std::integral_constant<int, vector_width<T>>{});
  if constexpr (sizeof(T) == 2) {
    if (fits(4)) return f(std::integral_constant<int, 4>{});
  }
  f(std::integral_constant<int, 1>{});
}

/// How a block covers rows of channels: `across` threads, each with V channels, times `down` rows at once;
/// `slices` blocks side by side cover a whole row.
struct Tile {
  int across = 1, down = 1, slices = 1;

  unsigned threads() const { return static_cast<unsigned>((across * down + 31) / 32 * 32); }
};
inline constexpr int tile_threads = 256;

/// For `groups` accesses of V channels a row: no thread idles between rows.
inline Tile dense_tile(int64_t groups) {
  Tile tile;
  if (groups < 1) return tile;
  tile.slices = static_cast<int>((groups + tile_threads - 1) / tile_threads);
  tile.across = static_cast<int>((groups + tile.slices - 1) / tile.slices);
  tile.down = tile_threads / tile.across;
  return tile;
}
/// The same with `across` a power of two up to a warp, so that shuffles can sum over a row's channels.
inline Tile warp_tile(int64_t groups) {
  Tile tile;
  while (tile.across < 32 && tile.across < groups) tile.across *= 2;
  tile.slices = static_cast<int>((groups + tile.across - 1) / tile.across);
  tile.down = tile_threads / tile.across;
  return tile;
}

/// A thread's place in its block's tile. Threads that are not `active` own no channels or no row.
struct TilePlace {
  int x, y;
  int64_t channel;
  bool active;
};
template <int V>
__device__ __forceinline__ TilePlace tile_place(const Tile& tile, int64_t channels) {
  const int thread = static_cast<int>(threadIdx.x);
  TilePlace place{};
  place.y = thread / tile.across;
  place.x = thread - place.y * tile.across;
  place.channel = (static_cast<int64_t>(blockIdx.y) * tile.across + place.x) * V;
  place.active = place.y < tile.down && place.channel < channels;
  return place;
}

/// use(row, load(row)) for row = first, first + step, ... below last, with U loads under way at once.
template <int U, class Index, class Load, class Use>
__device__ __forceinline__ void for_rows(Index first, Index last, Index step, Load&& load, Use&& use) {
  Index row = first;
  for (; row + (U - 1) * step < last; row += U * step) {
    decltype(load(row)) loaded[U];
    for (int u = 0; u < U; ++u) loaded[u] = load(row + static_cast<Index>(u) * step);
    for (int u = 0; u < U; ++u) use(row + static_cast<Index>(u) * step, loaded[u]);
  }
  for (; row < last; row += step) use(row, load(row));
}

/// Rows that one block takes: `each` for every thread, more if that would make more than 2048 blocks. Depends
/// on shapes only, so that sums over blocks have the same order everywhere.
inline int64_t rows_per_block(int64_t rows, const Tile& tile, int each) {
  const int64_t most = tile.slices < 2048 ? 2048 / tile.slices : 1, least = (rows + most - 1) / most;
  const int64_t wanted = static_cast<int64_t>(tile.down) * each;
  return wanted > least ? wanted : (least + tile.down - 1) / tile.down * tile.down;
}

/// Every thread gets, for each of its V channels, the sum over the tile's rows. `shared`: tile_threads * V
/// floats. All threads of the block call it; those that are not active give nothing.
template <int V>
__device__ __forceinline__ void sum_down(float (&values)[V], const Tile& tile, const TilePlace& place,
                                         float* shared) {
  const int at = place.y * tile.across + place.x;
  T2UE_SYNC_BLOCK();
  if (place.y < tile.down)
    for (int i = 0; i < V; ++i) shared[i * tile_threads + at] = place.active ? values[i] : 0.0f;
  int half = 1;
  while (2 * half < tile.down) half *= 2;
  for (; half > 0; half /= 2) {
    T2UE_SYNC_BLOCK();
    if (place.y < half && place.y + half < tile.down)
      for (int i = 0; i < V; ++i)
        shared[i * tile_threads + at] += shared[i * tile_threads + at + half * tile.across];
  }
  T2UE_SYNC_BLOCK();
  for (int i = 0; i < V; ++i) values[i] = shared[i * tile_threads + place.x];
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
