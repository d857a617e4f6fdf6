// CLIP's contrastive loss. Only one tile of logits exists at a time: a matrix product fills it, then its rows
// and columns are summed, or it is overwritten by its own gradient.
#pragma once

#include <t2ue/cuda/gemm.hpp>
#include <t2ue/cuda/pointwise.cuh>
#include <t2ue/cuda/reduce.cuh>
#include <t2ue/cuda/wide_sum.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// A log-sum-exp so far: the largest number, and the sum of exp(number - largest). Of nothing: {least, 0};
/// `least` is finite, so that nothing merged with nothing is not NaN.
struct LogSum {
  float most, sum;
};
constexpr float least = -3.402823466e38f;

__device__ __forceinline__ float value_of(const LogSum& l) {
  return l.most + logf(l.sum);
}
/// Adds n numbers; -infinity stands for none.
template <int n>
__device__ __forceinline__ void add(LogSum& to, const float (&numbers)[n]) {
  float most = to.most;
  for (int k = 0; k < n; ++k) most = fmaxf(most, numbers[k]);
  to.sum *= expf(to.most - most);
  for (int k = 0; k < n; ++k) to.sum += expf(numbers[k] - most);
  to.most = most;
}
__device__ __forceinline__ void merge(LogSum& to, const LogSum& other) {
  const float most = fmaxf(to.most, other.most);
  to.sum = to.sum * expf(to.most - most) + other.sum * expf(other.most - most);
  to.most = most;
}

constexpr int at_once = 4;  // loads on their way while a thread goes along a row or down a column

/// row_lse and targets, the diagonal's logits, of the rows from `first` on, whose products with every text
/// are in `tile`. A block a row.
__global__ void info_nce_rows_kernel(int64_t first, int64_t batch, const float* logit_scale,
                                     const float* tile, float* row_lse, float* targets) {
  T2UE_SHARED(float, slots, 32);
  T2UE_SHARED(float, most_of_warp, block_threads / 32);
  const float* row = tile + static_cast<int64_t>(blockIdx.x) * batch;
  const float factor = expf(logit_scale[0]);
  LogSum mine{least, 0.0f};
  for (int64_t begin = threadIdx.x; begin < batch; begin += at_once * block_threads) {
    float logits[at_once];
    for (int k = 0; k < at_once; ++k) {
      const int64_t j = begin + k * block_threads;
      logits[k] = j < batch ? factor * row[j] : -INFINITY;
    }
    add(mine, logits);
  }
  float most = warp_max(mine.most);
  if (threadIdx.x % 32 == 0) most_of_warp[threadIdx.x / 32] = most;
  T2UE_SYNC_BLOCK();
  for (int warp = 0; warp < block_threads / 32; ++warp) most = fmaxf(most, most_of_warp[warp]);
  const float sum = block_sum(mine.sum * expf(mine.most - most), slots);
  if (threadIdx.x > 0) return;
  const int64_t i = first + blockIdx.x;
  row_lse[i] = value_of({most, sum});
  targets[i] = factor * row[i];
}

constexpr int column_levels = wide_threads / 32;

/// columns[j] = the log-sum of column j in this tile and, unless it is the first, in those before it. 32
/// columns a block.
__global__ void info_nce_columns_kernel(bool begins, int64_t rows, int64_t batch, const float* logit_scale,
                                        const float* tile, LogSum* columns) {
  T2UE_SHARED(LogSum, shared, wide_threads);
  const int lane = static_cast<int>(threadIdx.x % 32), level = static_cast<int>(threadIdx.x / 32);
  const int64_t column = static_cast<int64_t>(blockIdx.x) * 32 + lane;
  const float factor = expf(logit_scale[0]);
  LogSum sum{least, 0.0f};
  if (column < batch) {
    for (int64_t begin = level; begin < rows; begin += at_once * column_levels) {
      float logits[at_once];
      for (int k = 0; k < at_once; ++k) {
        const int64_t row = begin + k * column_levels;
        logits[k] = row < rows ? factor * tile[row * batch + column] : -INFINITY;
      }
      add(sum, logits);
    }
  }
  shared[threadIdx.x] = sum;
  T2UE_SYNC_BLOCK();
  if (level > 0 || column >= batch) return;
  for (int l = 1; l < column_levels; ++l) merge(sum, shared[l * 32 + lane]);
  if (!begins) {
    LogSum all = columns[column];
    merge(all, sum);
    sum = all;
  }
  columns[column] = sum;
}

/// column_lse, and the mean of both cross-entropies. One block.
__global__ void info_nce_loss_kernel(int64_t batch, const LogSum* columns, const float* targets,
                                     const float* row_lse, float* column_lse, float* loss) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < batch; i += wide_threads) {
    const float lse = value_of(columns[i]);
    column_lse[i] = lse;
    const double target = static_cast<double>(targets[i]);
    sum += static_cast<double>(row_lse[i]) - target + static_cast<double>(lse) - target;
  }
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) loss[0] = static_cast<float>(sum / static_cast<double>(2 * batch));
}

/// d = dloss/2B (softmax over the row + softmax over the column - 2I) of the rows from `first` on. In `tile`
/// products become exp(logit_scale) d, the factor of the products that follow; along = each row's part of
/// sum(d * logits). A block a row.
__global__ void info_nce_grad_kernel(int64_t first, int64_t batch, const float* logit_scale,
                                     const float* row_lse, const float* column_lse, const float* dloss,
                                     float* tile, double* along) {
  T2UE_SHARED(double, slots, block_threads);
  const int64_t i = first + blockIdx.x;
  float* row = tile + static_cast<int64_t>(blockIdx.x) * batch;
  const float factor = expf(logit_scale[0]), share = dloss[0] / static_cast<float>(2 * batch);
  const float lse = row_lse[i];
  float mine = 0.0f;
  for (int64_t j = threadIdx.x; j < batch; j += block_threads) {
    const float logit = factor * row[j], target = i == j ? 2.0f : 0.0f;
    const float d = share * (expf(logit - lse) + expf(logit - column_lse[j]) - target);
    row[j] = factor * d;
    mine += d * logit;
  }
  const double sum = wide_block_sum<block_threads>(static_cast<double>(mine), slots);
  if (threadIdx.x == 0) along[i] = sum;
}

/// to[0] = (or +=) the sum of `count` numbers. One block.
__global__ void sum_kernel(int64_t count, const double* from, float* to, bool accumulate) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < count; i += wide_threads) sum += from[i];
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) store(to, 0, static_cast<float>(sum), accumulate);
}

/// Calls f(first, rows) for every tile, after queueing the products of its pictures with all texts.
template <class Args, class F>
void for_each_tile(const Args& a, Stream stream, F&& f) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1], most_rows = a.tile.shape[0];
  for (int64_t first = 0; first < batch; first += most_rows) {
    const int64_t rows = std::min(most_rows, batch - first);
    GemmArgs g;
    g.transpose_b = true;
    g.m = rows, g.n = batch, g.k = width;
    g.a = a.image.f32() + first * width, g.b = a.text.data, g.c = a.tile.data;
    g.lda = width, g.ldb = width, g.ldc = batch;
    gemm(g, stream);
    f(first, rows);
  }
}

}  // namespace

void info_nce(const InfoNceArgs& a, Stream stream) {
  const int64_t batch = a.image.shape[0];
  const auto count = static_cast<size_t>(batch);
  auto* columns = static_cast<LogSum*>(scratch(count * (sizeof(LogSum) + sizeof(float)), stream));
  auto* targets = reinterpret_cast<float*>(columns + batch);
  for_each_tile(a, stream, [&](int64_t first, int64_t rows) {
    launch("info_nce", info_nce_rows_kernel, dim3(static_cast<unsigned>(rows)), dim3(block_threads), 0,
           stream, first, batch, a.logit_scale.f32(), a.tile.f32(), a.row_lse.f32(), targets);
    launch("info_nce", info_nce_columns_kernel, dim3(blocks_for(batch, 32)), dim3(wide_threads), 0, stream,
           first == 0, rows, batch, a.logit_scale.f32(), a.tile.f32(), columns);
  });
  launch("info_nce", info_nce_loss_kernel, dim3(1), dim3(wide_threads), 0, stream, batch, columns, targets,
         a.row_lse.f32(), a.column_lse.f32(), a.loss.f32());
}

void info_nce_grad(const InfoNceGradArgs& a, Stream stream) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1];
  auto* along = static_cast<double*>(scratch(static_cast<size_t>(batch) * sizeof(double), stream));
  for_each_tile(a, stream, [&](int64_t first, int64_t rows) {
    launch("info_nce_grad", info_nce_grad_kernel, dim3(static_cast<unsigned>(rows)), dim3(block_threads), 0,
           stream, first, batch, a.logit_scale.f32(), a.row_lse.f32(), a.column_lse.f32(), a.dloss.f32(),
           a.tile.f32(), along);
    GemmArgs g;
    g.n = width;
    g.a = a.tile.data, g.lda = batch;
    g.ldb = width, g.ldc = width;
    if (a.dtext.data) {
      g.transpose_a = true;
      g.m = batch, g.k = rows;
      g.b = a.image.f32() + first * width, g.c = a.dtext.data;
      g.beta = first > 0 || a.dtext.accumulate ? 1.0f : 0.0f;
      gemm(g, stream);
    }
    if (a.dimage.data) {
      g.transpose_a = false;
      g.m = rows, g.k = batch;
      g.b = a.text.data, g.c = a.dimage.f32() + first * width;
      g.beta = a.dimage.accumulate ? 1.0f : 0.0f;
      gemm(g, stream);
    }
  });
  if (a.dlogit_scale.data)
    launch("info_nce_grad", sum_kernel, dim3(1), dim3(wide_threads), 0, stream, batch, along,
           a.dlogit_scale.f32(), a.dlogit_scale.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
