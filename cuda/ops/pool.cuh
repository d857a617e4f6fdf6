// Pooling: over windows of a map, and over a whole sequence.
#pragma once

#include <limits>

#include <t2ue/cuda/column_sums.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// Maps [N,height,width,channels] pooled to [N,down,across,channels].
struct PoolSizes {
  int height, width, channels, down, across, size, stride, pad;
};

/// A stretch of pixels, or of windows, along one side.
struct Stretch {
  int begin, end;
};
/// The real pixels of output p's window along a side of length `extent`.
__device__ __forceinline__ Stretch window_of(int p, const PoolSizes& s, int extent) {
  const int begin = p * s.stride - s.pad, end = begin + s.size;
  return {begin > 0 ? begin : 0, end < extent ? end : extent};
}
/// The windows, of `count` along a side, that see pixel h.
__device__ __forceinline__ Stretch windows_over(int h, const PoolSizes& s, int count) {
  const int first = h + s.pad - s.size + 1, last = (h + s.pad) / s.stride + 1;
  return {first > 0 ? (first + s.stride - 1) / s.stride : 0, last < count ? last : count};
}

/// Whether x takes over from the largest value so far: the first of equals wins, and NaN wins always.
__device__ __forceinline__ bool beats(float x, float best) {
  return x > best || x != x;
}

/// Threads share a row of vectors of a map: blockIdx.x is the row (picture and line), f(pixel, channel) is
/// called for this thread's vectors.
template <int N, class F>
__device__ __forceinline__ void for_row_vectors(int pixels, int channels, F&& f) {
  const int vectors = channels / N, count = pixels * vectors;
  const int step = static_cast<int>(gridDim.y * blockDim.x);
  for (int i = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x); i < count; i += step)
    f(i / vectors, i % vectors * N);
}
/// The launch that goes with it, over `rows` rows.
struct RowBlocks {
  dim3 grid, block;
  RowBlocks(int64_t rows, int64_t pixels, int64_t channels, int width) {
    const int64_t count = pixels * channels / width;
    check(rows < (int64_t{1} << 31) && count < (int64_t{1} << 30), "pool2d",
          "the CUDA kernel takes maps with fewer than 2^31 lines of fewer than 2^30 numbers, got ", rows,
          " of ", pixels * channels, "; use smaller batches or pictures");
    const auto threads =
        static_cast<unsigned>(std::clamp<int64_t>((count + 31) / 32 * 32, 32, block_threads));
    block = dim3(threads);
    grid = dim3(static_cast<unsigned>(rows), std::min(blocks_for(count, threads), 65535u));
  }
};

template <class T, int N>
__global__ void pool2d_kernel(PoolSizes s, bool largest, const T* x, T* y) {
  const int n = static_cast<int>(blockIdx.x) / s.down, p = static_cast<int>(blockIdx.x) % s.down;
  const Stretch rows = window_of(p, s, s.height);
  for_row_vectors<N>(s.across, s.channels, [&](int q, int c) {
    const Stretch columns = window_of(q, s, s.width);
    float result[N];
    for (int j = 0; j < N; ++j) result[j] = largest ? -INFINITY : 0.0f;
    for (int h = rows.begin; h < rows.end; ++h)
      for (int w = columns.begin; w < columns.end; ++w) {
        float values[N];
        load_some(x, ((static_cast<int64_t>(n) * s.height + h) * s.width + w) * s.channels + c, values);
        for (int j = 0; j < N; ++j)
          if (!largest)
            result[j] += values[j];
          else if (beats(values[j], result[j]))
            result[j] = values[j];
      }
    const float share = 1.0f / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
    if (!largest)
      for (int j = 0; j < N; ++j) result[j] *= share;
    store_some(y, (static_cast<int64_t>(blockIdx.x) * s.across + q) * s.channels + c, result);
  });
}

/// Every pixel collects, in the order of the windows that see it, its share of each one's gradient: for the
/// average, or all of it where it is the one that won (found again from x, which is cheaper than to store
/// it).
template <class T, int N>
__global__ void pool2d_grad_kernel(PoolSizes s, bool largest, const T* x, const T* dy, T* dx,
                                   bool accumulate) {
  const int n = static_cast<int>(blockIdx.x) / s.height, h = static_cast<int>(blockIdx.x) % s.height;
  const Stretch over_rows = windows_over(h, s, s.down);
  for_row_vectors<N>(s.width, s.channels, [&](int w, int c) {
    const Stretch over_columns = windows_over(w, s, s.across);
    float sum[N] = {};
    for (int p = over_rows.begin; p < over_rows.end; ++p)
      for (int q = over_columns.begin; q < over_columns.end; ++q) {
        const Stretch rows = window_of(p, s, s.height), columns = window_of(q, s, s.width);
        float d[N];
        load_some(dy, ((static_cast<int64_t>(n) * s.down + p) * s.across + q) * s.channels + c, d);
        if (!largest) {
          const float share =
              1.0f / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
          for (int j = 0; j < N; ++j) sum[j] += share * d[j];
          continue;
        }
        float best[N];
        bool mine[N];  // the first pixel wins where nothing beats -infinity
        for (int j = 0; j < N; ++j) best[j] = -INFINITY, mine[j] = h == rows.begin && w == columns.begin;
        for (int r = rows.begin; r < rows.end; ++r)
          for (int k = columns.begin; k < columns.end; ++k) {
            float values[N];
            load_some(x, ((static_cast<int64_t>(n) * s.height + r) * s.width + k) * s.channels + c, values);
            for (int j = 0; j < N; ++j)
              if (beats(values[j], best[j])) best[j] = values[j], mine[j] = r == h && k == w;
          }
        for (int j = 0; j < N; ++j) sum[j] += mine[j] ? d[j] : 0.0f;
      }
    store_some(dx, (static_cast<int64_t>(blockIdx.x) * s.width + w) * s.channels + c, sum, accumulate);
  });
}

PoolSizes pool_sizes(const Shape& x, const Shape& y, int size, int stride, int pad) {
  for (const Shape* shape : {&x, &y})
    for (int i = 1; i < 4; ++i)
      check((*shape)[i] < std::numeric_limits<int>::max() / 2, "pool2d", "the CUDA kernel takes no maps of ",
            *shape);
  return {static_cast<int>(x[1]),
          static_cast<int>(x[2]),
          static_cast<int>(x[3]),
          static_cast<int>(y[1]),
          static_cast<int>(y[2]),
          size,
          stride,
          pad};
}

/// y[n] = the mean of x[n, 0..tokens). ColumnTiles over the tokens of every n, blockIdx.x.
template <class T, int N>
__global__ void mean_pool_kernel(int64_t tokens, int64_t channels, int lanes, const T* x, T* y) {
  T2UE_SHARED(float, shared, block_threads* N);
  const int lane = static_cast<int>(threadIdx.x) % lanes, level = static_cast<int>(threadIdx.x) / lanes;
  const int64_t n = blockIdx.x, column = (static_cast<int64_t>(blockIdx.y) * lanes + lane) * N;
  float sums[N] = {};
  if (column < channels)
    for (int64_t t = level; t < tokens; t += block_threads / lanes) {
      float values[N];
      load_some(x, (n * tokens + t) * channels + column, values);
      for (int j = 0; j < N; ++j) sums[j] += values[j];
    }
  sum_levels(sums, lanes, channels, shared,
             [&](int64_t c, float total) { store(y, n * channels + c, total / static_cast<float>(tokens)); });
}

/// dx[n,t] = (or +=) dy[n] / tokens; blockIdx.x is n.
template <class T, int N>
__global__ void mean_pool_grad_kernel(int tokens, int channels, const T* dy, T* dx, bool accumulate) {
  const int64_t n = blockIdx.x;
  const float share = 1.0f / static_cast<float>(tokens);
  for_row_vectors<N>(tokens, channels, [&](int t, int c) {
    float d[N];
    load_some(dy, n * channels + c, d);
    for (int j = 0; j < N; ++j) d[j] *= share;
    store_some(dx, (n * tokens + t) * channels + c, d, accumulate);
  });
}

/// Calls f.template operator()<N>() with a vector's width where the channels and addresses allow one, else 1.
template <class T, class F>
void with_width(int64_t channels, std::initializer_list<const void*> addresses, F&& f) {
  if (channels % vector_width<T> == 0 && aligned(addresses))
    f.template operator()<vector_width<T>>();
  else
    f.template operator()<1>();
}

}  // namespace

void pool2d(const Pool2dArgs& a, Stream stream) {
  const PoolSizes s = pool_sizes(a.x.shape, a.y.shape, a.size, a.stride, a.pad);
  with_type_of("pool2d", a.x, [&]<class T>(T*) {
    with_width<T>(s.channels, {a.x.data, a.y.data}, [&]<int N>() {
      const RowBlocks blocks(a.y.shape[0] * s.down, s.across, s.channels, N);
      launch("pool2d", pool2d_kernel<T, N>, blocks.grid, blocks.block, 0, stream, s, a.kind == Pooling::max,
             a.x.as<const T>(), a.y.as<T>());
    });
  });
}

void pool2d_grad(const Pool2dGradArgs& a, Stream stream) {
  if (!a.dx.data) return;
  const PoolSizes s = pool_sizes(a.dx.shape, a.dy.shape, a.size, a.stride, a.pad);
  const bool largest = a.kind == Pooling::max;
  with_type_of("pool2d_grad", a.dx, [&]<class T>(T*) {
    const T* x = largest ? a.x.as<const T>() : nullptr;
    with_width<T>(s.channels, {x, a.dy.data, a.dx.data}, [&]<int N>() {
      const RowBlocks blocks(a.dx.shape[0] * s.height, s.width, s.channels, N);
      launch("pool2d_grad", pool2d_grad_kernel<T, N>, blocks.grid, blocks.block, 0, stream, s, largest, x,
             a.dy.as<const T>(), a.dx.as<T>(), a.dx.accumulate);
    });
  });
}

void mean_pool(const MeanPoolArgs& a, Stream stream) {
  const int64_t tokens = a.x.shape[1], channels = a.x.shape[2];
  with_type_of("mean_pool", a.x, [&]<class T>(T*) {
    with_width<T>(channels, {a.x.data, a.y.data}, [&]<int N>() {
      const ColumnTiles tiles(tokens, channels, N);
      launch("mean_pool", mean_pool_kernel<T, N>, dim3(static_cast<unsigned>(a.x.shape[0]), tiles.across),
             dim3(block_threads), 0, stream, tokens, channels, tiles.lanes, a.x.as<const T>(), a.y.as<T>());
    });
  });
}

void mean_pool_grad(const MeanPoolGradArgs& a, Stream stream) {
  if (!a.dx.data) return;
  const int64_t tokens = a.dx.shape[1], channels = a.dx.shape[2];
  with_type_of("mean_pool_grad", a.dx, [&]<class T>(T*) {
    with_width<T>(channels, {a.dy.data, a.dx.data}, [&]<int N>() {
      const RowBlocks blocks(a.dx.shape[0], tokens, channels, N);
      launch("mean_pool_grad", mean_pool_grad_kernel<T, N>, blocks.grid, blocks.block, 0, stream,
             static_cast<int>(tokens), static_cast<int>(channels), a.dy.as<const T>(), a.dx.as<T>(),
             a.dx.accumulate);
    });
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
