// The generator's conditional batch norm with upsampling, mask and ReLU: forward, a pass over x for the
// statistics and one that reads x again and writes y; backward, one pass over dy that sums and one that
// writes. The ReLU's sign is computed again from x rather than read from y, which saves a large map's worth
// of memory traffic.
#pragma once

#include <t2ue/cuda/statistics.cuh>
#include <t2ue/cuda/upsampled.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// The maps and per-channel numbers that all kernels read.
template <class T>
struct SscbnInputs {
  const T *x, *gamma, *beta, *mask;
  const float *mean, *inv_std;
};

/// What one picture does to a thread's channels.
template <class T, int V>
struct Modulation {
  float mean[V], inv_std[V], gamma[V], beta[V];

  __device__ __forceinline__ Modulation(const SscbnInputs<T>& in, int64_t n, int64_t channels,
                                        int64_t channel) {
    const Channels<T, V> g = load_channels<V>(in.gamma + n * channels + channel);
    const Channels<T, V> b = load_channels<V>(in.beta + n * channels + channel);
    for (int i = 0; i < V; ++i) {
      mean[i] = in.mean[channel + i], inv_std[i] = in.inv_std[channel + i];
      gamma[i] = g[i], beta[i] = b[i];
    }
  }
  __device__ __forceinline__ float normalised(int i, float x) const { return (x - mean[i]) * inv_std[i]; }
  /// What a mask of 1 adds to the normalised value.
  __device__ __forceinline__ float change(int i, float normal) const {
    return fmaf(gamma[i], normal, beta[i]);
  }
};

/// (1 + m*gamma) * normalised + m*beta. The sign decides the ReLU forward and backward: fused by hand, so
/// that both round alike.
__device__ __forceinline__ float modulated(float m, float change, float normal) {
  return fmaf(m, change, normal);
}

template <class T, int V, int Up>
__global__ void __launch_bounds__(tile_threads)
    sscbn_forward(UpsampledMap map, SscbnInputs<T> in, T* __restrict__ y) {
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  if (!place.active) return;
  const Chunk chunk = chunk_of_block(map);
  const Modulation<T, V> modulation(in, chunk.n, map.channels, place.channel);
  constexpr int known = Up ? Up * Up : 1;
  const int64_t large_plane = chunk.n * map.plane * map.up * map.up;
  const T* __restrict__ x = in.x + chunk.n * map.plane * map.channels + place.channel;
  const T* __restrict__ mask = in.mask + large_plane;
  T* to = y + large_plane * map.channels + place.channel;
  struct Loaded {
    Channels<T, V> x;
    T mask[known];
  };
  for_rows<Up == 1 ? 4 : 2>(
      chunk.first + place.y, chunk.last, map.tile.down,
      [&](int p) {
        Loaded loaded{load_channels<V>(x + p * map.channels), {}};
        const LargePixels<Up> large(map, p);
        if constexpr (Up != 0)
          for (int k = 0; k < known; ++k) loaded.mask[k] = mask[large[k]];
        return loaded;
      },
      [&](int p, const Loaded& loaded) {
        const LargePixels<Up> large(map, p);
        float normal[V], change[V];
        for (int i = 0; i < V; ++i) {
          normal[i] = modulation.normalised(i, loaded.x[i]);
          change[i] = modulation.change(i, normal[i]);
        }
        for (int k = 0; k < (Up ? known : large.count()); ++k) {
          const auto m = static_cast<float>(Up ? loaded.mask[Up ? k : 0] : mask[large[k]]);
          float out[V];
          for (int i = 0; i < V; ++i) {
            const float z = modulated(m, change[i], normal[i]);
            out[i] = z < 0.0f ? 0.0f : z;
          }
          store_channels<T, V>(to + large[k] * map.channels, out);
        }
      });
}

/// With d = dz summed over a small pixel's large ones and b = dz*m likewise, the sums over the block's
/// pixels: partial[block] = {d, d*normalised, b, b*normalised} [4][channels]. dnorm = d + gamma*b where
/// wanted. mask_sums [slices][large pixels]: what each slice of channels contributes to dmask.
template <class T>
struct SscbnGradOutputs {
  T *dnorm, *dmask;
  bool accumulate_dmask;
  float *mask_sums, *partial;
};

template <class T, int V, int Up>
__global__ void __launch_bounds__(tile_threads, 2)
    sscbn_grad_sums(UpsampledMap map, SscbnInputs<T> in, const T* __restrict__ dy, SscbnGradOutputs<T> out) {
  T2UE_SHARED(float, shared, tile_threads* V);
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  const Chunk chunk = chunk_of_block(map);
  // Threads beyond the last channel add nothing, but take part in the warp's sums.
  const int64_t channel = place.active ? place.channel : 0;
  const Modulation<T, V> modulation(in, chunk.n, map.channels, channel);
  const int64_t large_plane = chunk.n * map.plane * map.up * map.up;
  const int64_t large_pixels = static_cast<int64_t>(gridDim.x) / map.chunks * map.plane * map.up * map.up;
  const T* __restrict__ x = in.x + chunk.n * map.plane * map.channels + channel;
  const T* __restrict__ mask = in.mask + large_plane;
  const T* __restrict__ from = dy + large_plane * map.channels + channel;
  const bool wants_mask = out.dmask || out.mask_sums;
  float sums[4][V] = {};

  /// Small pixels whose loads are under way at once, and the large pixels of each known when compiling.
  constexpr int pixels = Up == 1 ? 2 : 1, known = Up ? Up * Up : 1;
  for (int begin = chunk.first + place.y; begin - place.y < chunk.last; begin += pixels * map.tile.down) {
    Channels<T, V> loaded[pixels], gradients[pixels][known];
    T masks[pixels][known];
    for (int u = 0; u < pixels; ++u) {
      const int p = begin + u * map.tile.down, small = p < chunk.last ? p : chunk.first;
      const LargePixels<Up> large(map, small);
      loaded[u] = load_channels<V>(x + small * map.channels);
      for (int k = 0; k < known && Up; ++k) {
        masks[u][k] = mask[large[k]];
        gradients[u][k] = load_channels<V>(from + large[k] * map.channels);
      }
    }
    for (int u = 0; u < pixels; ++u) {
      const int p = begin + u * map.tile.down, small = p < chunk.last ? p : chunk.first;
      const bool valid = place.active && p < chunk.last;
      const LargePixels<Up> large(map, small);
      float normal[V], change[V], d[V] = {}, b[V] = {};
      for (int i = 0; i < V; ++i) {
        normal[i] = modulation.normalised(i, loaded[u][i]);
        change[i] = modulation.change(i, normal[i]);
      }
      for (int k = 0; k < (Up ? known : large.count()); ++k) {
        if constexpr (Up == 0) {
          masks[u][0] = mask[large[k]];
          gradients[u][0] = load_channels<V>(from + large[k] * map.channels);
        }
        const auto m = static_cast<float>(masks[u][Up ? k : 0]);
        float dm = 0.0f;
        for (int i = 0; i < V && valid; ++i) {
          const float dz = modulated(m, change[i], normal[i]) > 0.0f ? gradients[u][Up ? k : 0][i] : 0.0f;
          d[i] += dz;
          b[i] = fmaf(dz, m, b[i]);
          dm = fmaf(dz, change[i], dm);
        }
        if (!wants_mask) continue;
        for (int lane = map.tile.across / 2; lane > 0; lane /= 2) dm += shuffle_xor(dm, lane);
        if (place.x != 0 || !valid) continue;
        const int64_t at = large_plane + large[k];
        if (out.mask_sums)
          out.mask_sums[blockIdx.y * large_pixels + at] = dm;
        else
          store(out.dmask, at, dm, out.accumulate_dmask);
      }
      if (!valid) continue;
      for (int i = 0; i < V; ++i) {
        sums[0][i] += d[i];
        sums[1][i] = fmaf(d[i], normal[i], sums[1][i]);
        sums[2][i] += b[i];
        sums[3][i] = fmaf(b[i], normal[i], sums[3][i]);
        d[i] = fmaf(modulation.gamma[i], b[i], d[i]);
      }
      if (out.dnorm) store_channels<T, V>(out.dnorm + (chunk.n * map.plane + p) * map.channels + channel, d);
    }
  }
  float* to = out.partial + static_cast<int64_t>(blockIdx.x) * 4 * map.channels + place.channel;
  for (int term = 0; term < 4; ++term) {
    sum_down(sums[term], map.tile, place, shared);
    if (place.active && place.y == 0)
      for (int i = 0; i < V; ++i) to[term * map.channels + i] = sums[term][i];
  }
}

/// dmask = the slices' sums, in order.
template <class T>
__global__ void sscbn_grad_mask(const float* __restrict__ mask_sums, int64_t pixels, int slices,
                                T* __restrict__ dmask, bool accumulate) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= pixels) return;
  float sum = 0.0f;
  for (int slice = 0; slice < slices; ++slice) sum += mask_sums[slice * pixels + at];
  store(dmask, at, sum, accumulate);
}

template <class T>
struct PictureGradients {
  T *dgamma, *dbeta;
  bool accumulate_dgamma, accumulate_dbeta;
};

/// Adds up the chunks of picture blockIdx.y: dgamma, dbeta, and picture_sums {dnorm, dnorm*normalised}
/// [2][N][channels].
template <class T>
__global__ void __launch_bounds__(finish_threads)
    sscbn_grad_pictures(const float* __restrict__ partial, int chunks, int64_t channels,
                        const T* __restrict__ gamma, PictureGradients<T> out,
                        float* __restrict__ picture_sums) {
  T2UE_SHARED(double, shared, finish_threads);
  const FinishPlace place = finish_place();
  const int64_t n = blockIdx.y;
  double sums[4];
  for (int term = 0; term < 4; ++term)
    sums[term] =
        finish_column(partial + (n * chunks * 4 + term) * channels, chunks, 4 * channels, channels, shared);
  if (place.y != 0 || place.column >= channels) return;
  const int64_t at = n * channels + place.column;
  const auto g = static_cast<double>(load(gamma, at));
  if (out.dgamma) store(out.dgamma, at, static_cast<float>(sums[3]), out.accumulate_dgamma);
  if (out.dbeta) store(out.dbeta, at, static_cast<float>(sums[2]), out.accumulate_dbeta);
  picture_sums[at] = static_cast<float>(sums[0] + g * sums[2]);
  picture_sums[static_cast<int64_t>(gridDim.y) * channels + at] = static_cast<float>(sums[1] + g * sums[3]);
}

/// means [2][channels]: of dnorm and of dnorm*normalised over the rows of x.
__global__ void __launch_bounds__(finish_threads)
    sscbn_grad_means(const float* __restrict__ picture_sums, int64_t batch, int64_t rows, int64_t channels,
                     float* __restrict__ means) {
  T2UE_SHARED(double, shared, finish_threads);
  const FinishPlace place = finish_place();
  for (int term = 0; term < 2; ++term) {
    const double sum =
        finish_column(picture_sums + term * batch * channels, batch, channels, channels, shared);
    if (place.y == 0 && place.column < channels)
      means[term * channels + place.column] = static_cast<float>(sum / static_cast<double>(rows));
  }
}

/// dx = inv_std*(dnorm - means[0] - normalised*means[1]); means null for running statistics. `gradient` is
/// dnorm, or where nothing was upsampled dy itself: then dnorm is computed again instead of being stored and
/// read.
template <class T, int V, bool FromDy>
__global__ void __launch_bounds__(tile_threads)
    sscbn_grad_write(UpsampledMap map, SscbnInputs<T> in, const T* __restrict__ gradient,
                     const float* __restrict__ means, T* __restrict__ dx, bool accumulate) {
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  if (!place.active) return;
  const Chunk chunk = chunk_of_block(map);
  const Modulation<T, V> modulation(in, chunk.n, map.channels, place.channel);
  float from_mean[V] = {}, from_var[V] = {};
  for (int i = 0; i < V && means; ++i)
    from_mean[i] = means[place.channel + i], from_var[i] = means[map.channels + place.channel + i];
  const int64_t plane = chunk.n * map.plane;
  struct Loaded {
    Channels<T, V> x, gradient;
    T mask;
  };
  for_rows<2>(
      chunk.first + place.y, chunk.last, map.tile.down,
      [&](int p) {
        const int64_t at = (plane + p) * map.channels + place.channel;
        return Loaded{load_channels<V>(in.x + at), load_channels<V>(gradient + at),
                      FromDy ? in.mask[plane + p] : T{}};
      },
      [&](int p, const Loaded& loaded) {
        const auto m = static_cast<float>(loaded.mask);
        float out[V];
        for (int i = 0; i < V; ++i) {
          const float normal = modulation.normalised(i, loaded.x[i]);
          float d = loaded.gradient[i];
          if constexpr (FromDy)
            d = modulated(m, modulation.change(i, normal), normal) > 0.0f
                    ? fmaf(d * m, modulation.gamma[i], d)
                    : 0.0f;
          out[i] = modulation.inv_std[i] * (d - from_mean[i] - normal * from_var[i]);
        }
        put_channels<T, V>(dx + (plane + p) * map.channels + place.channel, out, accumulate);
      });
}

template <class T, class Args>
SscbnInputs<T> inputs_of(const Args& a) {
  return {a.x.template as<const T>(),
          a.gamma.template as<const T>(),
          a.beta.template as<const T>(),
          a.mask.template as<const T>(),
          a.mean.f32(),
          a.inv_std.f32()};
}

template <class T, int V>
void sscbn_grad_as(const UpsampleSscbnReluGradArgs& a, Stream stream) {
  constexpr const char* name = "upsample_sscbn_relu_grad";
  const Shape& small = a.x.shape;
  const int64_t batch = small[0], channels = small[3], pixels = a.mask.elements();
  const UpsampledMap map = upsampled_map(name, small, a.up, warp_tile((channels + V - 1) / V), 8, 2048);
  const dim3 grid = map.grid(batch);
  const auto floats = [&](int64_t count, int slot) {
    return static_cast<float*>(scratch(sizeof(float) * static_cast<size_t>(count), stream, slot));
  };
  const bool split_mask = a.dmask.data && map.tile.slices > 1;
  SscbnGradOutputs<T> sums{};
  sums.dnorm = a.up > 1 && a.dx.data ? a.dnorm.as<T>() : nullptr;
  sums.dmask = split_mask ? nullptr : a.dmask.as<T>();
  sums.accumulate_dmask = a.dmask.accumulate;
  sums.mask_sums = split_mask ? floats(map.tile.slices * pixels, 1) : nullptr;
  sums.partial = floats(int64_t{4} * grid.x * channels, 0);
  const SscbnInputs<T> in = inputs_of<T>(a);
  with_factor(a.up, [&](auto up) {
    launch(name, sscbn_grad_sums<T, V, up>, grid, dim3(map.tile.threads()), 0, stream, map, in,
           a.dy.as<const T>(), sums);
  });
  if (split_mask)
    launch(name, sscbn_grad_mask<T>, dim3(blocks_for(pixels, 256)), dim3(256), 0, stream, sums.mask_sums,
           pixels, map.tile.slices, a.dmask.as<T>(), a.dmask.accumulate);

  const unsigned columns = blocks_for(channels, finish_across);
  float* picture_sums = floats(2 * batch * channels, 2);
  launch(name, sscbn_grad_pictures<T>, dim3(columns, static_cast<unsigned>(batch)), finish_block(map.chunks),
         0, stream, sums.partial, map.chunks, channels, in.gamma,
         PictureGradients<T>{a.dgamma.as<T>(), a.dbeta.as<T>(), a.dgamma.accumulate, a.dbeta.accumulate},
         picture_sums);
  if (!a.dx.data) return;
  float* means = a.training ? floats(2 * channels, 3) : nullptr;
  if (means)
    launch(name, sscbn_grad_means, dim3(columns), finish_block(batch), 0, stream, picture_sums, batch,
           small.rows(), channels, means);
  const UpsampledMap same = upsampled_map(name, small, 1, dense_tile(channels / V), 16);
  const auto write = a.up == 1 ? sscbn_grad_write<T, V, true> : sscbn_grad_write<T, V, false>;
  launch(name, write, same.grid(batch), dim3(same.tile.threads()), 0, stream, same, in,
         a.up == 1 ? a.dy.as<const T>() : a.dnorm.as<const T>(), means, a.dx.as<T>(), a.dx.accumulate);
}

}  // namespace

void upsample_sscbn_relu(const UpsampleSscbnReluArgs& a, Stream stream) {
  constexpr const char* name = "upsample_sscbn_relu";
  const Shape& small = a.x.shape;
  normalisation_statistics(name, a, small.rows() * a.up * a.up, stream);
  with_type_of(name, a.x, [&]<class T>(T*) {
    with_channel_width<T>(small[3], {a.x.data, a.gamma.data, a.beta.data, a.y.data}, [&](auto width) {
      constexpr int V = width;
      const UpsampledMap map = upsampled_map(name, small, a.up, dense_tile(small[3] / V), 16);
      with_factor(a.up, [&](auto up) {
        launch(name, sscbn_forward<T, V, up>, map.grid(small[0]), dim3(map.tile.threads()), 0, stream, map,
               inputs_of<T>(a), a.y.as<T>());
      });
    });
  });
}

void upsample_sscbn_relu_grad(const UpsampleSscbnReluGradArgs& a, Stream stream) {
  with_type_of("upsample_sscbn_relu_grad", a.x, [&]<class T>(T*) {
    with_channel_width<T>(a.x.shape[3],
                          {a.x.data, a.gamma.data, a.beta.data, a.dy.data, a.dnorm.data, a.dx.data},
                          [&](auto width) { sscbn_grad_as<T, width>(a, stream); });
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
