// Sums, means and variances of the columns of a matrix: one pass over the rows that leaves a few partial
// results for each block of them, then one small launch that adds those up in a fixed order, in double.
#pragma once

#include <t2ue/cuda/channels.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// The launch that adds up: blocks of 8 columns times up to 64 partial results at once.
inline constexpr int finish_across = 8, finish_threads = 64 * finish_across;

/// The launch's block for `count` partial results a column.
inline dim3 finish_block(int64_t count) {
  unsigned threads = 32;
  while (threads < finish_threads && threads < count * finish_across) threads *= 2;
  return dim3(threads);
}

struct FinishPlace {
  int y, down;
  int64_t column;
};
__device__ __forceinline__ FinishPlace finish_place() {
  const int thread = static_cast<int>(threadIdx.x);
  return {thread / finish_across, static_cast<int>(blockDim.x) / finish_across,
          static_cast<int64_t>(blockIdx.x) * finish_across + thread % finish_across};
}

/// Every thread gets the sum of its column over the block. `shared`: finish_threads doubles. All threads call
/// it.
__device__ __forceinline__ double finish_sum(double value, double* shared) {
  const int thread = static_cast<int>(threadIdx.x);
  T2UE_SYNC_BLOCK();
  shared[thread] = value;
  for (int half = static_cast<int>(blockDim.x) / 2; half >= finish_across; half /= 2) {
    T2UE_SYNC_BLOCK();
    if (thread < half) shared[thread] += shared[thread + half];
  }
  T2UE_SYNC_BLOCK();
  return shared[thread % finish_across];
}

/// Every thread gets the sum of partial[i * stride + its column] over i < count; 0 beyond `columns`.
__device__ __forceinline__ double finish_column(const float* partial, int64_t count, int64_t stride,
                                                int64_t columns, double* shared) {
  const FinishPlace place = finish_place();
  double sum = 0.0;
  if (place.column < columns)
    for (int64_t i = place.y; i < count; i += place.down)
      sum += static_cast<double>(partial[i * stride + place.column]);
  return finish_sum(sum, shared);
}

/// What one block found: partial[block] = {means, sums of squared deviations from them} [2][channels] of its
/// rows [block*each, ...). Welford's update in each thread, merged by Chan's formula.
template <class T, int V>
__global__ void __launch_bounds__(tile_threads)
    block_moments(const T* __restrict__ x, int64_t rows, int64_t channels, int64_t each, Tile tile,
                  float* __restrict__ partial) {
  T2UE_SHARED(float, shared, tile_threads* V);
  const TilePlace place = tile_place<V>(tile, channels);
  const int64_t first = static_cast<int64_t>(blockIdx.x) * each;
  const int64_t last = first + each < rows ? first + each : rows;
  float mean[V] = {}, squares[V] = {}, count = 0.0f;
  if (place.active) {
    const T* from = x + place.channel;
    for_rows<4>(
        first + place.y, last, static_cast<int64_t>(tile.down),
        [&](int64_t row) { return load_channels<V>(from + row * channels); },
        [&](int64_t, const Channels<T, V>& values) {
          count += 1.0f;
          const float share = 1.0f / count;
          for (int i = 0; i < V; ++i) {
            const float value = values[i], delta = value - mean[i];
            mean[i] = fmaf(delta, share, mean[i]);
            squares[i] = fmaf(delta, value - mean[i], squares[i]);
          }
        });
  }
  float block_mean[V];
  for (int i = 0; i < V; ++i) block_mean[i] = count * mean[i];
  sum_down(block_mean, tile, place, shared);
  for (int i = 0; i < V; ++i) {
    block_mean[i] /= static_cast<float>(last - first);
    const float delta = mean[i] - block_mean[i];
    squares[i] = fmaf(count * delta, delta, squares[i]);
  }
  sum_down(squares, tile, place, shared);
  if (place.active && place.y == 0) {
    float* to = partial + static_cast<int64_t>(blockIdx.x) * 2 * channels + place.channel;
    for (int i = 0; i < V; ++i) to[i] = block_mean[i], to[channels + i] = squares[i];
  }
}

/// What a normalisation uses and leaves behind. The running statistics may be null.
struct Statistics {
  float *mean, *inv_std, *running_mean, *running_var;
  float eps, momentum;
};

/// The blocks' moments merged: statistics of all rows, the running ones updated. unbiased: count/(count-1).
static __global__ void __launch_bounds__(finish_threads)
    finish_moments(const float* __restrict__ partial, int64_t rows, int64_t channels, int64_t each,
                   double unbiased, Statistics to) {
  T2UE_SHARED(double, shared, finish_threads);
  const FinishPlace place = finish_place();
  const int64_t blocks = place.column < channels ? (rows + each - 1) / each : 0;
  const auto rows_of = [&](int64_t block) {
    return static_cast<double>((block + 1) * each < rows ? each : rows - block * each);
  };
  double sum = 0.0;
  for (int64_t i = place.y; i < blocks; i += place.down)
    sum += rows_of(i) * static_cast<double>(partial[2 * i * channels + place.column]);
  const double mean = finish_sum(sum, shared) / static_cast<double>(rows);
  double squares = 0.0;
  for (int64_t i = place.y; i < blocks; i += place.down) {
    const double delta = static_cast<double>(partial[2 * i * channels + place.column]) - mean;
    squares +=
        static_cast<double>(partial[(2 * i + 1) * channels + place.column]) + rows_of(i) * delta * delta;
  }
  const double variance = finish_sum(squares, shared) / static_cast<double>(rows);
  if (place.y != 0 || place.column >= channels) return;
  const int64_t c = place.column;
  to.mean[c] = static_cast<float>(mean);
  to.inv_std[c] = static_cast<float>(1.0 / sqrt(variance + static_cast<double>(to.eps)));
  if (to.running_mean) to.running_mean[c] += to.momentum * (static_cast<float>(mean) - to.running_mean[c]);
  if (to.running_var)
    to.running_var[c] += to.momentum * (static_cast<float>(variance * unbiased) - to.running_var[c]);
}

static __global__ void use_running_statistics(int64_t channels, Statistics to) {
  const int64_t c = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (c >= channels) return;
  to.mean[c] = to.running_mean[c];
  to.inv_std[c] = 1.0f / sqrtf(to.running_var[c] + to.eps);
}

/// The statistics of a.x [.., C]: those of its rows (the running ones updated, variance unbiased by `count`
/// samples), or the running ones. Uses the stream's scratch memory in slot 0.
template <class Args>
void normalisation_statistics(const char* name, const Args& a, int64_t count, Stream stream) {
  const int64_t rows = a.x.shape.rows(), channels = a.x.shape.back();
  const Statistics to{a.mean.f32(),        a.inv_std.f32(), a.running_mean.f32(),
                      a.running_var.f32(), a.eps,           a.momentum};
  if (!a.training) {
    launch(name, use_running_statistics, dim3(blocks_for(channels, 256)), dim3(256), 0, stream, channels, to);
    return;
  }
  with_type_of(name, a.x, [&]<class T>(T*) {
    with_channel_width<T>(channels, {a.x.data}, [&](auto width) {
      constexpr int V = width;
      const Tile tile = dense_tile(channels / V);
      const int64_t each = rows_per_block(rows, tile, 16);
      const unsigned blocks = blocks_for(rows, each);
      auto* partial =
          static_cast<float*>(scratch(sizeof(float) * 2 * blocks * static_cast<size_t>(channels), stream));
      launch(name, block_moments<T, V>, dim3(blocks, static_cast<unsigned>(tile.slices)),
             dim3(tile.threads()), 0, stream, a.x.template as<const T>(), rows, channels, each, tile,
             partial);
      const double samples = static_cast<double>(count);
      launch(name, finish_moments, dim3(blocks_for(channels, finish_across)), finish_block(blocks), 0, stream,
             partial, rows, channels, each, samples / (samples - 1.0), to);
    });
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
