// Sums: of two tensors, and of an upsampled map and a scaled one.
#pragma once

#include <t2ue/cuda/reduce.cuh>
#include <t2ue/cuda/upsampled.cuh>
#include <t2ue/cuda/wide_sum.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

constexpr int add_block = 256, add_each = 2;

/// y (+)= alpha*a + beta*b; b may be null. A thread takes `add_each` groups of V elements, a block apart.
template <class T, int V>
__global__ void __launch_bounds__(add_block)
    add_elements(int64_t count, const T* a, const T* b, float alpha, float beta, T* y, bool accumulate) {
  struct Loaded {
    Channels<T, V> a, b;
  };
  const int64_t groups = count / V, block = static_cast<int64_t>(blockIdx.x) * add_block * add_each;
  const int64_t end = block + add_block * add_each;
  for_rows<add_each>(
      block + threadIdx.x, end < groups ? end : groups, int64_t{add_block},
      [&](int64_t group) {
        Loaded loaded{load_channels<V>(a + group * V), {}};
        if (b) loaded.b = load_channels<V>(b + group * V);
        return loaded;
      },
      [&](int64_t group, const Loaded& loaded) {
        float sum[V];
        for (int i = 0; i < V; ++i)
          sum[i] = b ? fmaf(alpha, loaded.a[i], beta * loaded.b[i]) : alpha * loaded.a[i];
        put_channels<T, V>(y + group * V, sum, accumulate);
      });
  const int64_t at = groups * V + threadIdx.x;
  if (blockIdx.x == 0 && at < count) {
    const float sum = b ? fmaf(alpha, load(a, at), beta * load(b, at)) : alpha * load(a, at);
    store(y, at, sum, accumulate);
  }
}

/// A thread takes a pixel of a, reads it once, and makes the up*up pixels of y that it came to.
template <class T, int V, int Up>
__global__ void __launch_bounds__(tile_threads)
    residual_scale_forward(UpsampledMap map, const T* __restrict__ a, const T* __restrict__ b,
                           const float* __restrict__ gain, T* __restrict__ y) {
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  if (!place.active) return;
  const Chunk chunk = chunk_of_block(map);
  const float g = gain[0];
  constexpr int known = Up ? Up * Up : 1;
  const int64_t small = chunk.n * map.plane * map.channels + place.channel;
  const int64_t large = chunk.n * map.plane * map.up * map.up * map.channels + place.channel;
  struct Loaded {
    Channels<T, V> a, b[known];
  };
  constexpr int at_once = Up == 1 ? 4 : Up == 2 ? 2 : 1;
  for_rows<at_once>(
      chunk.first + place.y, chunk.last, map.tile.down,
      [&](int p) {
        Loaded loaded{load_channels<V>(a + small + p * map.channels), {}};
        const LargePixels<Up> pixels(map, p);
        for (int k = 0; k < known && Up; ++k)
          loaded.b[k] = load_channels<V>(b + large + pixels[k] * map.channels);
        return loaded;
      },
      [&](int p, const Loaded& loaded) {
        const LargePixels<Up> pixels(map, p);
        for (int k = 0; k < (Up ? known : pixels.count()); ++k) {
          const int64_t at = large + pixels[k] * map.channels;
          const Channels<T, V> scaled = Up ? loaded.b[Up ? k : 0] : load_channels<V>(b + at);
          float sum[V];
          for (int i = 0; i < V; ++i) sum[i] = fmaf(g, scaled[i], loaded.a[i]);
          store_channels<T, V>(y + at, sum);
        }
      });
}

template <class T>
struct ResidualGradOutputs {
  T *da, *db;
  bool accumulate_da, accumulate_db;
  float* partial;  ///< the block's share of dgain
};

/// All three gradients in one pass over dy: da = dy summed over each pixel's large ones, db = gain*dy, and
/// partial[block] = sum of dy*b. b is null where the gain has no gradient.
template <class T, int V, int Up>
__global__ void __launch_bounds__(tile_threads)
    residual_scale_backward(UpsampledMap map, const T* __restrict__ dy, const T* __restrict__ b,
                            const float* __restrict__ gain, ResidualGradOutputs<T> out) {
  T2UE_SHARED(float, slots, 32);
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  const Chunk chunk = chunk_of_block(map);
  const float g = out.db ? gain[0] : 0.0f;
  constexpr int known = Up ? Up * Up : 1;
  const int64_t small = chunk.n * map.plane * map.channels + place.channel;
  const int64_t large = chunk.n * map.plane * map.up * map.up * map.channels + place.channel;
  struct Loaded {
    Channels<T, V> dy[known], b[known];
  };
  float dgain = 0.0f;
  if (place.active)
    for_rows<Up == 1 ? 2 : 1>(
        chunk.first + place.y, chunk.last, map.tile.down,
        [&](int p) {
          Loaded loaded{};
          const LargePixels<Up> pixels(map, p);
          for (int k = 0; k < known && Up; ++k) {
            loaded.dy[k] = load_channels<V>(dy + large + pixels[k] * map.channels);
            if (b) loaded.b[k] = load_channels<V>(b + large + pixels[k] * map.channels);
          }
          return loaded;
        },
        [&](int p, const Loaded& loaded) {
          const LargePixels<Up> pixels(map, p);
          float da[V] = {};
          for (int k = 0; k < (Up ? known : pixels.count()); ++k) {
            const int64_t at = large + pixels[k] * map.channels;
            const Channels<T, V> gradient = Up ? loaded.dy[Up ? k : 0] : load_channels<V>(dy + at);
            Channels<T, V> scaled{};
            if (b) scaled = Up ? loaded.b[Up ? k : 0] : load_channels<V>(b + at);
            float db[V];
            for (int i = 0; i < V; ++i) {
              da[i] += gradient[i];
              db[i] = g * gradient[i];
              if (b) dgain = fmaf(gradient[i], scaled[i], dgain);
            }
            if (out.db) put_channels<T, V>(out.db + at, db, out.accumulate_db);
          }
          if (out.da) put_channels<T, V>(out.da + small + p * map.channels, da, out.accumulate_da);
        });
  if (!b) return;
  dgain = block_sum(dgain, slots);
  if (threadIdx.x == 0) out.partial[blockIdx.y * gridDim.x + blockIdx.x] = dgain;
}

/// dgain (+)= the sum of `count` blocks' shares.
__global__ void __launch_bounds__(wide_threads)
    residual_scale_gain(const float* __restrict__ partial, int64_t count, float* __restrict__ dgain,
                        bool accumulate) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < count; i += wide_threads) sum += static_cast<double>(partial[i]);
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) store(dgain, 0, static_cast<float>(sum), accumulate);
}

}  // namespace

void add(const AddArgs& a, Stream stream) {
  check((!a.b.data || a.b.dtype == a.a.dtype) && a.y.dtype == a.a.dtype, "add",
        "has CUDA kernels for one type, got ", name_of(a.a.dtype), ", ", name_of(a.b.dtype), " and ",
        name_of(a.y.dtype));
  const int64_t count = a.a.elements();
  if (count == 0) return;
  with_type_of("add", a.a, [&]<class T>(T*) {
    // As for rows of any number of channels: only the addresses decide, the kernel takes what is left over.
    with_channel_width<T>(0, {a.a.data, a.b.data, a.y.data}, [&](auto width) {
      constexpr int V = width;
      const int64_t groups = count < V ? 1 : count / V;
      launch("add", add_elements<T, V>, dim3(blocks_for(groups, add_block * add_each)), dim3(add_block), 0,
             stream, count, a.a.as<const T>(), a.b.as<const T>(), a.alpha, a.beta, a.y.as<T>(),
             a.y.accumulate);
    });
  });
}

void residual_scale(const ResidualScaleArgs& a, Stream stream) {
  constexpr const char* name = "residual_scale";
  const Shape& small = a.a.shape;
  with_type_of(name, a.y, [&]<class T>(T*) {
    with_channel_width<T>(small[3], {a.a.data, a.b.data, a.y.data}, [&](auto width) {
      constexpr int V = width;
      const UpsampledMap map = upsampled_map(name, small, a.up, dense_tile(small[3] / V), 8);
      with_factor(a.up, [&](auto up) {
        launch(name, residual_scale_forward<T, V, up>, map.grid(small[0]), dim3(map.tile.threads()), 0,
               stream, map, a.a.as<const T>(), a.b.as<const T>(), a.gain.f32(), a.y.as<T>());
      });
    });
  });
}

void residual_scale_grad(const ResidualScaleGradArgs& a, Stream stream) {
  constexpr const char* name = "residual_scale_grad";
  const Shape& large = a.dy.shape;
  const Shape small{large[0], large[1] / a.up, large[2] / a.up, large[3]};
  with_type_of(name, a.dy, [&]<class T>(T*) {
    const T* b = a.dgain.data ? a.b.as<const T>() : nullptr;
    with_channel_width<T>(small[3], {a.dy.data, b, a.da.data, a.db.data}, [&](auto width) {
      constexpr int V = width;
      const UpsampledMap map = upsampled_map(name, small, a.up, dense_tile(small[3] / V), 8, 4096);
      const dim3 grid = map.grid(small[0]);
      ResidualGradOutputs<T> out{a.da.as<T>(), a.db.as<T>(), a.da.accumulate, a.db.accumulate, nullptr};
      if (b) out.partial = static_cast<float*>(scratch(sizeof(float) * grid.x * grid.y, stream));
      with_factor(a.up, [&](auto up) {
        launch(name, residual_scale_backward<T, V, up>, grid, dim3(map.tile.threads()), 0, stream, map,
               a.dy.as<const T>(), b, a.gain.f32(), out);
      });
      if (b)
        launch(name, residual_scale_gain, dim3(1), dim3(wide_threads), 0, stream, out.partial,
               static_cast<int64_t>(grid.x) * grid.y, a.dgain.f32(), a.dgain.accumulate);
    });
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
