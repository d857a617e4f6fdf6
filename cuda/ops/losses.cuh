// Contrastive and supervised losses, and the normalisation before them.
#pragma once

#include <t2ue/core/mixup_partner.hpp>
#include <t2ue/cuda/gemm.hpp>
#include <t2ue/cuda/pointwise.cuh>
#include <t2ue/cuda/reduce.cuh>
#include <t2ue/cuda/wide_sum.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

constexpr float largest_inv_norm = 1e12f;  // of rows shorter than 1e-12, which are not brought to unit length
constexpr int rows_per_block = block_threads / 32;  // where a warp works on a row

/// The row of this warp.
__device__ __forceinline__ int64_t warp_row() {
  return static_cast<int64_t>(blockIdx.x) * rows_per_block + threadIdx.x / 32;
}
dim3 blocks_of_warp_rows(int64_t rows) {
  return dim3(blocks_for(rows, rows_per_block));
}

/// y = x / |x|, inv_norm = 1/|x|. A warp a row.
template <class T>
__global__ void l2_normalize_kernel(int64_t rows, int64_t channels, const T* x, float* y, float* inv_norm) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t begin = row * channels;
  float squares = 0.0f;
  for (int64_t c = lane; c < channels; c += 32) squares += load(x, begin + c) * load(x, begin + c);
  float inverse = 1.0f / sqrtf(warp_sum(squares));
  inverse = inverse > largest_inv_norm ? largest_inv_norm : inverse;
  if (lane == 0) inv_norm[row] = inverse;
  for (int64_t c = lane; c < channels; c += 32) y[begin + c] = load(x, begin + c) * inverse;
}

/// dx = (dy - y (y . dy)) / |x|. A warp a row.
template <class T>
__global__ void l2_normalize_grad_kernel(int64_t rows, int64_t channels, const float* y,
                                         const float* inv_norm, const float* dy, T* dx, bool accumulate) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t begin = row * channels;
  const float inverse = inv_norm[row];
  float dot = 0.0f;
  for (int64_t c = lane; c < channels; c += 32) dot += y[begin + c] * dy[begin + c];
  dot = warp_sum(dot);
  const float along = inverse < largest_inv_norm ? dot : 0.0f;
  for (int64_t c = lane; c < channels; c += 32)
    store(dx, begin + c, inverse * (dy[begin + c] - y[begin + c] * along), accumulate);
}

/// Turns the products of a row into logits, factor exp(logit_scale), and takes their log-sum-exp. A block a
/// row.
__global__ void info_nce_rows_kernel(int64_t batch, const float* logit_scale, float* logits, float* row_lse) {
  T2UE_SHARED(float, slots, 32);
  T2UE_SHARED(float, highest_of_warp, rows_per_block);
  float* row = logits + static_cast<int64_t>(blockIdx.x) * batch;
  const float factor = expf(logit_scale[0]);
  float highest = -INFINITY;
  for (int64_t j = threadIdx.x; j < batch; j += block_threads) {
    const float logit = factor * row[j];
    row[j] = logit;
    highest = fmaxf(highest, logit);
  }
  highest = warp_max(highest);
  if (threadIdx.x % 32 == 0) highest_of_warp[threadIdx.x / 32] = highest;
  T2UE_SYNC_BLOCK();
  for (int warp = 0; warp < rows_per_block; ++warp) highest = fmaxf(highest, highest_of_warp[warp]);
  float sum = 0.0f;
  for (int64_t j = threadIdx.x; j < batch; j += block_threads) sum += expf(row[j] - highest);
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) row_lse[blockIdx.x] = highest + logf(sum);
}

constexpr int column_levels = block_threads / 32, rows_per_column_block = 64;

/// Of 64 rows of every column: the largest logit, and the sum of exp(logit - largest). 32 columns a block.
__global__ void info_nce_columns_kernel(int64_t batch, const float* logits, float* highest, float* sums) {
  T2UE_SHARED(float, shared, block_threads);
  constexpr int mine = rows_per_column_block / column_levels;
  const int lane = static_cast<int>(threadIdx.x % 32), level = static_cast<int>(threadIdx.x / 32);
  const int64_t column = static_cast<int64_t>(blockIdx.x) * 32 + lane;
  float values[mine], most = -INFINITY, sum = 0.0f;
  for (int k = 0; k < mine; ++k) {
    const int64_t row = static_cast<int64_t>(blockIdx.y) * rows_per_column_block + k * column_levels + level;
    values[k] = row < batch && column < batch ? logits[row * batch + column] : -INFINITY;
    most = fmaxf(most, values[k]);
  }
  shared[threadIdx.x] = most;
  T2UE_SYNC_BLOCK();
  for (int l = 0; l < column_levels; ++l) most = fmaxf(most, shared[l * 32 + lane]);
  for (int k = 0; k < mine; ++k) sum += expf(values[k] - most);
  T2UE_SYNC_BLOCK();
  shared[threadIdx.x] = sum;
  T2UE_SYNC_BLOCK();
  if (level > 0 || column >= batch) return;
  for (int l = 1; l < column_levels; ++l) sum += shared[l * 32 + lane];
  highest[blockIdx.y * batch + column] = most;
  sums[blockIdx.y * batch + column] = sum;
}

/// column_lse from what info_nce_columns_kernel found in every chunk of rows. A thread a column.
__global__ void info_nce_column_lse_kernel(int64_t batch, int chunks, const float* highest, const float* sums,
                                           float* column_lse) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * block_threads + threadIdx.x;
  if (column >= batch) return;
  float most = -INFINITY, sum = 0.0f;
  for (int c = 0; c < chunks; ++c) most = fmaxf(most, highest[c * batch + column]);
  for (int c = 0; c < chunks; ++c) sum += sums[c * batch + column] * expf(highest[c * batch + column] - most);
  column_lse[column] = most + logf(sum);
}

/// The mean of both cross-entropies. One block.
__global__ void info_nce_loss_kernel(int64_t batch, const float* logits, const float* row_lse,
                                     const float* column_lse, float* loss) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < batch; i += wide_threads) {
    const double target = static_cast<double>(logits[i * batch + i]);
    sum += static_cast<double>(row_lse[i]) - target + static_cast<double>(column_lse[i]) - target;
  }
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) loss[0] = static_cast<float>(sum / static_cast<double>(2 * batch));
}

/// d = dloss/2B (softmax over the row + softmax over the column - 2I). dlogits = exp(logit_scale) d, the
/// factor of the products that follow; along = the row's part of sum(d * logits). A block a row.
__global__ void info_nce_grad_kernel(int64_t batch, const float* logit_scale, const float* logits,
                                     const float* row_lse, const float* column_lse, const float* dloss,
                                     float* dlogits, float* along) {
  T2UE_SHARED(float, slots, 32);
  const int64_t i = blockIdx.x, begin = i * batch;
  const float factor = expf(logit_scale[0]), share = dloss[0] / static_cast<float>(2 * batch);
  const float lse = row_lse[i];
  float sum = 0.0f;
  for (int64_t j = threadIdx.x; j < batch; j += block_threads) {
    const float logit = logits[begin + j], target = i == j ? 2.0f : 0.0f;
    const float d = share * (expf(logit - lse) + expf(logit - column_lse[j]) - target);
    dlogits[begin + j] = factor * d;
    sum += d * logit;
  }
  sum = block_sum(sum, slots);
  if (threadIdx.x == 0) along[i] = sum;
}

/// to[0] = (or +=) the sum of `count` numbers. One block.
__global__ void sum_kernel(int64_t count, const float* from, float* to, bool accumulate) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < count; i += wide_threads) sum += static_cast<double>(from[i]);
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) store(to, 0, static_cast<float>(sum), accumulate);
}

/// lse of every row of logits [rows, classes]. A warp a row.
template <class T>
__global__ void cross_entropy_rows_kernel(int64_t rows, int64_t classes, const T* logits, float* lse) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t begin = row * classes;
  float highest = -INFINITY, sum = 0.0f;
  for (int64_t k = lane; k < classes; k += 32) highest = fmaxf(highest, load(logits, begin + k));
  highest = warp_max(highest);
  for (int64_t k = lane; k < classes; k += 32) sum += expf(load(logits, begin + k) - highest);
  sum = warp_sum(sum);
  if (lane == 0) lse[row] = highest + logf(sum);
}

/// Labels of rows, mixed with those of partners unless `share` is null.
struct Labels {
  const int32_t* labels;
  const float* share;
  const int32_t* shift;

  __device__ __forceinline__ float own_share() const { return share ? share[0] : 1.0f; }
  __device__ __forceinline__ int32_t own(int64_t row) const { return labels[row]; }
  __device__ __forceinline__ int32_t other(int64_t row, int64_t rows) const {
    return share ? labels[mixup_partner(row, shift[0], rows)] : labels[row];
  }
};
template <class Args>
Labels labels_of(const Args& a) {
  return {a.labels.i32(), a.share.f32(), a.shift.i32()};
}

/// The mean of lse - logits[label]; NaN where a label is not one of the classes. One block.
template <class T>
__global__ void cross_entropy_loss_kernel(int64_t rows, int64_t classes, const T* logits, Labels labels,
                                          const float* lse, float* loss) {
  T2UE_SHARED(double, slots, wide_threads);
  const auto logit = [&](int64_t row, int32_t label) {
    return static_cast<double>(label >= 0 && label < classes ? load(logits, row * classes + label) : NAN);
  };
  const float own = labels.own_share(), rest = 1.0f - own;
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < rows; i += wide_threads) {
    double target = static_cast<double>(own) * logit(i, labels.own(i));
    if (rest > 0.0f) target += static_cast<double>(rest) * logit(i, labels.other(i, rows));
    sum += static_cast<double>(lse[i]) - target;
  }
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x == 0) loss[0] = static_cast<float>(sum / static_cast<double>(rows));
}

/// dlogits = dloss/rows (softmax - onehot of the labels, by their shares). A warp a row.
template <class T>
__global__ void cross_entropy_grad_kernel(int64_t rows, int64_t classes, const T* logits, Labels labels,
                                          const float* lse, const float* dloss, T* dlogits, bool accumulate) {
  const int64_t row = warp_row();
  if (row >= rows) return;
  const int64_t begin = row * classes;
  const float share = dloss[0] / static_cast<float>(rows), sum = lse[row];
  const float own_share = labels.own_share(), rest = 1.0f - own_share;
  const int32_t own = labels.own(row), other = labels.other(row, rows);
  for (int64_t k = threadIdx.x % 32; k < classes; k += 32) {
    const float target = (k == own ? own_share : 0.0f) + (k == other ? rest : 0.0f);
    store(dlogits, begin + k, share * (expf(load(logits, begin + k) - sum) - target), accumulate);
  }
}

}  // namespace

void l2_normalize(const L2NormalizeArgs& a, Stream stream) {
  const int64_t rows = a.x.shape[0], channels = a.x.shape[1];
  with_type_of("l2_normalize", a.x, [&]<class T>(T*) {
    launch("l2_normalize", l2_normalize_kernel<T>, blocks_of_warp_rows(rows), dim3(block_threads), 0, stream,
           rows, channels, a.x.as<const T>(), a.y.f32(), a.inv_norm.f32());
  });
}

void l2_normalize_grad(const L2NormalizeGradArgs& a, Stream stream) {
  if (!a.dx.data) return;
  const int64_t rows = a.dy.shape[0], channels = a.dy.shape[1];
  with_type_of("l2_normalize_grad", a.dx, [&]<class T>(T*) {
    launch("l2_normalize_grad", l2_normalize_grad_kernel<T>, blocks_of_warp_rows(rows), dim3(block_threads),
           0, stream, rows, channels, a.y.f32(), a.inv_norm.f32(), a.dy.f32(), a.dx.as<T>(), a.dx.accumulate);
  });
}

void info_nce(const InfoNceArgs& a, Stream stream) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1];
  GemmArgs g;
  g.transpose_b = true;
  g.m = batch, g.n = batch, g.k = width;
  g.a = a.image.data, g.b = a.text.data, g.c = a.logits.data;
  g.lda = width, g.ldb = width, g.ldc = batch;
  gemm(g, stream);
  float *logits = a.logits.f32(), *row_lse = a.row_lse.f32(), *column_lse = a.column_lse.f32();
  const unsigned chunks = blocks_for(batch, rows_per_column_block);
  auto* highest = static_cast<float*>(
      scratch(2 * static_cast<size_t>(chunks) * static_cast<size_t>(batch) * sizeof(float), stream));
  float* sums = highest + chunks * batch;
  launch("info_nce", info_nce_rows_kernel, dim3(static_cast<unsigned>(batch)), dim3(block_threads), 0, stream,
         batch, a.logit_scale.f32(), logits, row_lse);
  launch("info_nce", info_nce_columns_kernel, dim3(blocks_for(batch, 32), chunks), dim3(block_threads), 0,
         stream, batch, logits, highest, sums);
  launch("info_nce", info_nce_column_lse_kernel, dim3(blocks_for(batch, block_threads)), dim3(block_threads),
         0, stream, batch, static_cast<int>(chunks), highest, sums, column_lse);
  launch("info_nce", info_nce_loss_kernel, dim3(1), dim3(wide_threads), 0, stream, batch, logits, row_lse,
         column_lse, a.loss.f32());
}

void info_nce_grad(const InfoNceGradArgs& a, Stream stream) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1];
  auto* along = static_cast<float*>(scratch(static_cast<size_t>(batch) * sizeof(float), stream));
  launch("info_nce_grad", info_nce_grad_kernel, dim3(static_cast<unsigned>(batch)), dim3(block_threads), 0,
         stream, batch, a.logit_scale.f32(), a.logits.f32(), a.row_lse.f32(), a.column_lse.f32(),
         a.dloss.f32(), a.dlogits.f32(), along);
  if (a.dlogit_scale.data)
    launch("info_nce_grad", sum_kernel, dim3(1), dim3(wide_threads), 0, stream, batch, along,
           a.dlogit_scale.f32(), a.dlogit_scale.accumulate);
  // to [B,D] = (or +=) op(dlogits) other
  const auto multiply = [&](const GradView& to, const View& other, bool transpose) {
    if (!to.data) return;
    GemmArgs g;
    g.transpose_a = transpose;
    g.m = batch, g.n = width, g.k = batch;
    g.a = a.dlogits.data, g.b = other.data, g.c = to.data;
    g.lda = batch, g.ldb = width, g.ldc = width;
    g.beta = to.accumulate ? 1.0f : 0.0f;
    gemm(g, stream);
  };
  multiply(a.dimage, a.text, false);
  multiply(a.dtext, a.image, true);
}

void cross_entropy(const CrossEntropyArgs& a, Stream stream) {
  const int64_t rows = a.logits.shape[0], classes = a.logits.shape[1];
  with_type_of("cross_entropy", a.logits, [&]<class T>(T*) {
    launch("cross_entropy", cross_entropy_rows_kernel<T>, blocks_of_warp_rows(rows), dim3(block_threads), 0,
           stream, rows, classes, a.logits.as<const T>(), a.lse.f32());
    launch("cross_entropy", cross_entropy_loss_kernel<T>, dim3(1), dim3(wide_threads), 0, stream, rows,
           classes, a.logits.as<const T>(), labels_of(a), a.lse.f32(), a.loss.f32());
  });
}

void cross_entropy_grad(const CrossEntropyGradArgs& a, Stream stream) {
  if (!a.dlogits.data) return;
  const int64_t rows = a.logits.shape[0], classes = a.logits.shape[1];
  with_type_of("cross_entropy_grad", a.logits, [&]<class T>(T*) {
    launch("cross_entropy_grad", cross_entropy_grad_kernel<T>, blocks_of_warp_rows(rows), dim3(block_threads),
           0, stream, rows, classes, a.logits.as<const T>(), labels_of(a), a.lse.f32(), a.dloss.f32(),
           a.dlogits.as<T>(), a.dlogits.accumulate);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
