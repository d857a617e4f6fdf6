// The supervised loss, and the normalisation before the contrastive one (info_nce.cuh).
#pragma once

#include <t2ue/core/mixup_partner.hpp>
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
