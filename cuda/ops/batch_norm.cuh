// Batch normalisation with residual and activation: the statistics' pass over x and one pass that writes y;
// backward, one pass that sums and one that writes.
#pragma once

#include <t2ue/cuda/statistics.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// What y is for negative values: none 1, relu 0, leaky_relu 0.2.
float negative_slope(Activation activation) {
  return activation == Activation::relu ? 0.0f : activation == Activation::leaky_relu ? 0.2f : 1.0f;
}

struct BatchNormMap {
  int64_t rows, channels, each;
  Tile tile;
  float slope;
};

template <class T, int V>
__global__ void __launch_bounds__(tile_threads)
    batch_norm_forward(BatchNormMap map, const T* __restrict__ x, const T* __restrict__ residual,
                       const float* __restrict__ scale, const float* __restrict__ shift,
                       const float* __restrict__ mean, const float* __restrict__ inv_std, T* __restrict__ y) {
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  if (!place.active) return;
  float middle[V], factor[V], offset[V];
  for (int i = 0; i < V; ++i) {
    const int64_t c = place.channel + i;
    middle[i] = mean[c];
    factor[i] = inv_std[c] * (scale ? scale[c] : 1.0f);
    offset[i] = shift ? shift[c] : 0.0f;
  }
  struct Loaded {
    Channels<T, V> x, residual;
  };
  const int64_t first = static_cast<int64_t>(blockIdx.x) * map.each;
  const int64_t last = first + map.each < map.rows ? first + map.each : map.rows;
  for_rows<4>(
      first + place.y, last, static_cast<int64_t>(map.tile.down),
      [&](int64_t row) {
        const int64_t at = row * map.channels + place.channel;
        Loaded loaded{load_channels<V>(x + at), {}};
        if (residual) loaded.residual = load_channels<V>(residual + at);
        return loaded;
      },
      [&](int64_t row, const Loaded& loaded) {
        float out[V];
        for (int i = 0; i < V; ++i) {
          float z = fmaf(loaded.x[i] - middle[i], factor[i], offset[i]);
          if (residual) z += loaded.residual[i];
          out[i] = z > 0.0f ? z : map.slope * z;
        }
        store_channels<T, V>(y + row * map.channels + place.channel, out);
      });
}

template <class T, int V>
struct GradLoaded {
  Channels<T, V> dy, y, x;

  /// dy times the activation's slope.
  __device__ __forceinline__ float dz(int i, bool has_slope, float slope) const {
    return !has_slope || y[i] > 0.0f ? dy[i] : slope * dy[i];
  }
};

/// What the gradient's kernels read: y is null without activation, x where only the shift has a gradient.
template <class T>
struct GradInputs {
  const T *dy, *y, *x;

  template <int V>
  __device__ __forceinline__ GradLoaded<T, V> load(int64_t at) const {
    GradLoaded<T, V> loaded{load_channels<V>(dy + at), {}, {}};
    if (y) loaded.y = load_channels<V>(y + at);
    if (x) loaded.x = load_channels<V>(x + at);
    return loaded;
  }
};

/// partial[block] = {sum dz, sum dz*(x-mean)} [2][channels] of the block's rows.
template <class T, int V>
__global__ void __launch_bounds__(tile_threads)
    batch_norm_grad_sums(BatchNormMap map, GradInputs<T> in, const float* __restrict__ mean,
                         float* __restrict__ partial) {
  T2UE_SHARED(float, shared, tile_threads* V);
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  const int64_t first = static_cast<int64_t>(blockIdx.x) * map.each;
  const int64_t last = first + map.each < map.rows ? first + map.each : map.rows;
  float plain[V] = {}, weighted[V] = {}, middle[V] = {};
  if (place.active) {
    for (int i = 0; i < V && in.x; ++i) middle[i] = mean[place.channel + i];
    for_rows<2>(
        first + place.y, last, static_cast<int64_t>(map.tile.down),
        [&](int64_t row) { return in.template load<V>(row * map.channels + place.channel); },
        [&](int64_t, const GradLoaded<T, V>& loaded) {
          for (int i = 0; i < V; ++i) {
            const float dz = loaded.dz(i, in.y != nullptr, map.slope);
            plain[i] += dz;
            if (in.x) weighted[i] = fmaf(dz, loaded.x[i] - middle[i], weighted[i]);
          }
        });
  }
  sum_down(plain, map.tile, place, shared);
  sum_down(weighted, map.tile, place, shared);
  if (place.active && place.y == 0) {
    float* to = partial + static_cast<int64_t>(blockIdx.x) * 2 * map.channels + place.channel;
    for (int i = 0; i < V; ++i) to[i] = plain[i], to[map.channels + i] = weighted[i];
  }
}

struct Gradient {
  float* to;
  bool accumulate;
};

/// dshift, dscale, and what dx takes off: means [2][channels] = {mean of dz, mean of dz*(x-mean)*inv_std^2}.
__global__ void __launch_bounds__(finish_threads)
    batch_norm_grad_finish(const float* __restrict__ partial, int64_t blocks, int64_t rows, int64_t channels,
                           const float* __restrict__ inv_std, Gradient dshift, Gradient dscale,
                           float* __restrict__ means) {
  T2UE_SHARED(double, shared, finish_threads);
  const FinishPlace place = finish_place();
  const double plain = finish_column(partial, blocks, 2 * channels, channels, shared);
  const double weighted = finish_column(partial + channels, blocks, 2 * channels, channels, shared);
  if (place.y != 0 || place.column >= channels) return;
  const int64_t c = place.column;
  if (dshift.to) store(dshift.to, c, static_cast<float>(plain), dshift.accumulate);
  if (!inv_std) return;
  const double scaled = weighted * static_cast<double>(inv_std[c]);
  if (dscale.to) store(dscale.to, c, static_cast<float>(scaled), dscale.accumulate);
  means[c] = static_cast<float>(plain / static_cast<double>(rows));
  means[channels + c] = static_cast<float>(scaled / static_cast<double>(rows)) * inv_std[c];
}

template <class T>
struct GradOutputs {
  T *dx, *dresidual;
  bool accumulate_dx, accumulate_dresidual;
};

/// dx = scale*inv_std*(dz - means[0] - (x-mean)*means[1]), means null for running statistics; dresidual = dz.
template <class T, int V>
__global__ void __launch_bounds__(tile_threads)
    batch_norm_grad_write(BatchNormMap map, GradInputs<T> in, const float* __restrict__ scale,
                          const float* __restrict__ mean, const float* __restrict__ inv_std,
                          const float* __restrict__ means, GradOutputs<T> out) {
  const TilePlace place = tile_place<V>(map.tile, map.channels);
  if (!place.active) return;
  float factor[V] = {}, middle[V] = {}, from_mean[V] = {}, from_var[V] = {};
  for (int i = 0; i < V && out.dx; ++i) {
    const int64_t c = place.channel + i;
    factor[i] = inv_std[c] * (scale ? scale[c] : 1.0f);
    if (!means) continue;
    middle[i] = mean[c], from_mean[i] = means[c], from_var[i] = means[map.channels + c];
  }
  const int64_t first = static_cast<int64_t>(blockIdx.x) * map.each;
  const int64_t last = first + map.each < map.rows ? first + map.each : map.rows;
  for_rows<2>(
      first + place.y, last, static_cast<int64_t>(map.tile.down),
      [&](int64_t row) { return in.template load<V>(row * map.channels + place.channel); },
      [&](int64_t row, const GradLoaded<T, V>& loaded) {
        const int64_t at = row * map.channels + place.channel;
        float dz[V], dx[V];
        for (int i = 0; i < V; ++i) {
          dz[i] = loaded.dz(i, in.y != nullptr, map.slope);
          const float centred = in.x ? loaded.x[i] - middle[i] : 0.0f;
          dx[i] = factor[i] * (dz[i] - from_mean[i] - centred * from_var[i]);
        }
        if (out.dx) put_channels<T, V>(out.dx + at, dx, out.accumulate_dx);
        if (out.dresidual) put_channels<T, V>(out.dresidual + at, dz, out.accumulate_dresidual);
      });
}

/// Blocks that only write take 16 rows a thread, however many blocks that makes.
BatchNormMap writing_map(int64_t rows, int64_t channels, int width, Activation activation) {
  const Tile tile = dense_tile(channels / width);
  return {rows, channels, static_cast<int64_t>(tile.down) * 16, tile, negative_slope(activation)};
}

dim3 grid_of(const BatchNormMap& map) {
  return dim3(blocks_for(map.rows, map.each), static_cast<unsigned>(map.tile.slices));
}

}  // namespace

void batch_norm(const BatchNormArgs& a, Stream stream) {
  const int64_t rows = a.x.shape.rows(), channels = a.x.shape.back();
  normalisation_statistics("batch_norm", a, rows, stream);
  with_type_of("batch_norm", a.x, [&]<class T>(T*) {
    with_channel_width<T>(channels, {a.x.data, a.residual.data, a.y.data}, [&](auto width) {
      constexpr int V = width;
      const BatchNormMap map = writing_map(rows, channels, V, a.activation);
      launch("batch_norm", batch_norm_forward<T, V>, grid_of(map), dim3(map.tile.threads()), 0, stream, map,
             a.x.as<const T>(), a.residual.as<const T>(), a.scale.f32(), a.shift.f32(), a.mean.f32(),
             a.inv_std.f32(), a.y.as<T>());
    });
  });
}

void batch_norm_grad(const BatchNormGradArgs& a, Stream stream) {
  const int64_t rows = a.dy.shape.rows(), channels = a.dy.shape.back();
  const bool needs_x = a.dscale.data || (a.dx.data && a.training);
  const bool needs_sums = needs_x || a.dshift.data;
  with_type_of("batch_norm_grad", a.dy, [&]<class T>(T*) {
    const T* y = a.activation == Activation::none ? nullptr : a.y.as<const T>();
    const T* x = needs_x ? a.x.as<const T>() : nullptr;
    with_channel_width<T>(channels, {a.dy.data, y, x, a.dx.data, a.dresidual.data}, [&](auto width) {
      constexpr int V = width;
      BatchNormMap map = writing_map(rows, channels, V, a.activation);
      const int64_t each = map.each;
      float* means = nullptr;
      if (needs_sums) {
        map.each = rows_per_block(rows, map.tile, 16);
        const dim3 grid = grid_of(map);
        auto* partial =
            static_cast<float*>(scratch(sizeof(float) * 2 * grid.x * static_cast<size_t>(channels), stream));
        means = static_cast<float*>(scratch(sizeof(float) * 2 * static_cast<size_t>(channels), stream, 1));
        launch("batch_norm_grad", batch_norm_grad_sums<T, V>, grid, dim3(map.tile.threads()), 0, stream, map,
               GradInputs<T>{a.dy.as<const T>(), y, x}, a.mean.f32(), partial);
        launch("batch_norm_grad", batch_norm_grad_finish, dim3(blocks_for(channels, finish_across)),
               finish_block(grid.x), 0, stream, partial, static_cast<int64_t>(grid.x), rows, channels,
               needs_x ? a.inv_std.f32() : nullptr, Gradient{a.dshift.f32(), a.dshift.accumulate},
               Gradient{a.dscale.f32(), a.dscale.accumulate}, means);
      }
      if (!a.dx.data && !a.dresidual.data) return;
      map.each = each;
      const bool centred = a.dx.data && a.training;
      launch("batch_norm_grad", batch_norm_grad_write<T, V>, grid_of(map), dim3(map.tile.threads()), 0,
             stream, map, GradInputs<T>{a.dy.as<const T>(), y, centred ? x : nullptr}, a.scale.f32(),
             a.mean.f32(), a.inv_std.f32(), centred ? means : nullptr,
             GradOutputs<T>{a.dx.as<T>(), a.dresidual.as<T>(), a.dx.accumulate, a.dresidual.accumulate});
    });
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
