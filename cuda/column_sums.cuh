// Work along the columns of a matrix: adding a bias to each row, and summing over the rows.
#pragma once

#include <t2ue/cuda/activate.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// How blocks lie over a matrix: `lanes` threads side by side, `width` neighbouring columns each, and
/// block_threads/lanes rows at a time, `chunk` rows in all. Depends on the sizes only.
struct ColumnTiles {
  int lanes = 1;
  int64_t chunk = 0;
  unsigned chunks = 0, across = 0;

  /// About `blocks` blocks at most, and at least 4 rows for each thread while there are that many.
  ColumnTiles(int64_t rows, int64_t columns, int width, int64_t blocks = int64_t{1} << 30) {
    while (lanes < 32 && lanes * width < columns) lanes *= 2;
    across = blocks_for(columns, lanes * width);
    const int64_t wanted = std::max<int64_t>(1, blocks / std::max(1u, across));
    chunk = std::max<int64_t>((rows + wanted - 1) / wanted, 4 * block_threads / lanes);
    chunks = blocks_for(rows, chunk);
  }
};

/// What a block of ColumnTiles works on: this thread's first column, its first row and the step to the next.
struct TileThread {
  int64_t column, row, end;
  int step;
};
template <int N>
__device__ __forceinline__ TileThread tile_thread(int64_t rows, int lanes, int64_t chunk) {
  const int lane = static_cast<int>(threadIdx.x) % lanes, level = static_cast<int>(threadIdx.x) / lanes;
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * chunk;
  const int64_t end = begin + chunk < rows ? begin + chunk : rows;
  return {(static_cast<int64_t>(blockIdx.y) * lanes + lane) * N, begin + level, end, block_threads / lanes};
}

/// Adds up what the levels of a block hold for each of its columns, in order; `to` has a place a column.
/// `shared`: block_threads * N floats.
template <int N, class F>
__device__ __forceinline__ void sum_levels(const float (&sums)[N], int lanes, int64_t columns, float* shared,
                                           F&& put) {
  for (int j = 0; j < N; ++j) shared[threadIdx.x * N + static_cast<unsigned>(j)] = sums[j];
  T2UE_SYNC_BLOCK();
  const int width = lanes * N;
  for (int c = static_cast<int>(threadIdx.x); c < width; c += block_threads) {
    const int64_t column = static_cast<int64_t>(blockIdx.y) * width + c;
    if (column >= columns) break;
    float total = 0.0f;
    for (int level = 0; level < block_threads / lanes; ++level) total += shared[level * width + c];
    put(column, total);
  }
}

/// partial[chunk, column] = sums over the chunk's rows of d = dy * slope(saved), written to dpre on the way;
/// without `saved`, of dy.
template <class T, int N>
__global__ void column_sums_kernel(int64_t rows, int64_t columns, int lanes, int64_t chunk,
                                   Activation activation, const T* saved, const T* dy, T* dpre,
                                   float* partial) {
  T2UE_SHARED(float, shared, block_threads* N);
  const TileThread tile = tile_thread<N>(rows, lanes, chunk);
  float sums[N] = {};
  if (tile.column < columns) {
    for (int64_t row = tile.row; row < tile.end; row += tile.step) {
      const int64_t i = row * columns + tile.column;
      float d[N];
      load_some(dy, i, d);
      if (saved) {
        float s[N];
        load_some(saved, i, s);
        activate_grad(activation, s, d);
        store_some(dpre, i, d);
      }
      for (int j = 0; j < N; ++j) sums[j] += d[j];
    }
  }
  sum_levels(sums, lanes, columns, shared,
             [&](int64_t column, float total) { partial[blockIdx.x * columns + column] = total; });
}

/// to[column] = (or +=) the sum of partial[0..chunks, column], in a fixed order. 32 columns a block.
template <class T>
__global__ void add_partials_kernel(int64_t chunks, int64_t columns, const float* partial, T* to,
                                    bool accumulate) {
  T2UE_SHARED(double, shared, block_threads);
  const int lane = static_cast<int>(threadIdx.x % 32), level = static_cast<int>(threadIdx.x / 32);
  const int64_t column = static_cast<int64_t>(blockIdx.x) * 32 + lane;
  double sum = 0.0;
  if (column < columns)
    for (int64_t c = level; c < chunks; c += block_threads / 32)
      sum += static_cast<double>(partial[c * columns + column]);
  shared[threadIdx.x] = sum;
  T2UE_SYNC_BLOCK();
  if (level > 0 || column >= columns) return;
  for (int l = 1; l < block_threads / 32; ++l) sum += shared[l * 32 + lane];
  store(to, column, static_cast<float>(sum), accumulate);
}

/// db = (or +=) the sum over the rows of dpre = dy * slope(saved), which is written too; without `saved` of
/// dy itself. dy, saved, dpre [rows, columns].
template <class T>
void launch_column_sums(const char* name, int64_t rows, int64_t columns, Activation activation,
                        const T* saved, const T* dy, T* dpre, const GradView& db, Stream stream) {
  constexpr int wide = vector_width<T>;
  constexpr int64_t blocks = 1056;  // enough to fill a large GPU, few enough to be added up quickly
  const auto sums = [&]<int N>() {
    const ColumnTiles tiles(rows, columns, N, blocks);
    auto* partial = static_cast<float*>(
        scratch(static_cast<size_t>(tiles.chunks) * static_cast<size_t>(columns) * sizeof(float), stream));
    launch(name, column_sums_kernel<T, N>, dim3(tiles.chunks, tiles.across), dim3(block_threads), 0, stream,
           rows, columns, tiles.lanes, tiles.chunk, activation, saved, dy, dpre, partial);
    launch(name, add_partials_kernel<float>, dim3(blocks_for(columns, 32)), dim3(block_threads), 0, stream,
           static_cast<int64_t>(tiles.chunks), columns, partial, db.f32(), db.accumulate);
  };
  if (columns % wide == 0 && aligned({saved, dy, dpre}))
    sums.template operator()<wide>();
  else
    sums.template operator()<1>();
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
