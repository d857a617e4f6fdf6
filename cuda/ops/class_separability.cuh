// How hard it is to tell classes of vectors apart.
#pragma once

#include <t2ue/cuda/pointwise.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// The squared distance of two classes' centres.
__device__ __forceinline__ double centre_distance2(const float* dots, int classes, int i, int j) {
  const auto at = [&](int a, int b) { return static_cast<double>(dots[a * classes + b]); };
  return at(i, i) + at(j, j) - at(i, j) - at(j, i);
}
__device__ __forceinline__ double centre_distance(const float* dots, int classes, int i, int j) {
  const double squared = centre_distance2(dots, classes, i, j);
  const double distance = squared > 0.0 ? sqrt(squared) : 0.0;
  return distance > 1e-6 ? distance : 1e-6;
}
/// The number of ordered pairs of classes that are there.
__device__ __forceinline__ double class_pairs(const float* count, int classes) {
  double present = 0;
  for (int k = 0; k < classes; ++k) present += count[k] > 0.0f ? 1.0 : 0.0;
  return present * (present - 1.0);
}

/// sums[b][k]: the part of row b of gram that belongs to class k. A thread a row.
__global__ void __launch_bounds__(block_threads)
    class_sums_kernel(int batch, int classes, const float* gram, const int32_t* labels, float* sums) {
  const int b = static_cast<int>(blockIdx.x) * block_threads + static_cast<int>(threadIdx.x);
  if (b >= batch) return;
  float* row = sums + static_cast<int64_t>(b) * classes;
  for (int k = 0; k < classes; ++k) row[k] = 0.0f;
  for (int other = 0; other < batch; ++other)
    if (labels[other] >= 0) row[labels[other]] += gram[static_cast<int64_t>(b) * batch + other];
}

/// What the loss is made of: matrices of batch and classes are small, and one block does it all, in one
/// order.
__global__ void __launch_bounds__(block_threads)
    class_spread_kernel(int batch, int classes, const float* gram, const int32_t* labels, float* count,
                        const float* sums, float* dots, float* radius, float* spread) {
  const int thread = static_cast<int>(threadIdx.x);
  for (int i = thread; i < classes; i += block_threads) {
    float members = 0.0f;
    for (int b = 0; b < batch; ++b) members += labels[b] == i ? 1.0f : 0.0f;
    count[i] = members;
  }
  T2UE_SYNC_BLOCK();
  for (int pair = thread; pair < classes * classes; pair += block_threads) {
    const int i = pair / classes, j = pair % classes;
    double sum = 0.0;
    for (int b = 0; b < batch; ++b)
      if (labels[b] == i) sum += static_cast<double>(sums[static_cast<int64_t>(b) * classes + j]);
    const double members = static_cast<double>(count[i]) * static_cast<double>(count[j]);
    dots[pair] = members > 0.0 ? static_cast<float>(sum / members) : 0.0f;
  }
  T2UE_SYNC_BLOCK();
  for (int b = thread; b < batch; b += block_threads) {
    const int y = labels[b];
    radius[b] = 0.0f;
    if (y < 0) continue;
    const double squared = static_cast<double>(gram[static_cast<int64_t>(b) * batch + b]) -
                           2.0 * static_cast<double>(sums[static_cast<int64_t>(b) * classes + y]) /
                               static_cast<double>(count[y]) +
                           static_cast<double>(dots[y * classes + y]);
    radius[b] = squared > 0.0 ? static_cast<float>(sqrt(squared)) : 0.0f;
  }
  T2UE_SYNC_BLOCK();
  for (int i = thread; i < classes; i += block_threads) {
    float sum = 0.0f;
    for (int b = 0; b < batch; ++b)
      if (labels[b] == i) sum += radius[b] / count[i];
    spread[i] = sum;
  }
}

/// Of one thread: as many terms as pairs of classes, in one order.
__global__ void class_separability_kernel(int classes, const float* count, const float* dots,
                                          const float* spread, float* loss) {
  double sum = 0.0;
  for (int i = 0; i < classes; ++i)
    for (int j = 0; j < classes; ++j)
      if (i != j && count[i] > 0.0f && count[j] > 0.0f)
        sum += static_cast<double>(spread[i] + spread[j]) / centre_distance(dots, classes, i, j);
  const double pairs = class_pairs(count, classes);
  loss[0] = pairs > 0.0 ? static_cast<float>(sum / pairs) : 0.0f;
}

/// What the gradient is made of. A thread a class.
__global__ void __launch_bounds__(block_threads)
    class_slopes_kernel(int batch, int classes, const int32_t* labels, const float* count, const float* dots,
                        const float* radius, const float* spread, const float* dloss, float* pull,
                        float* slopes) {
  const int i = static_cast<int>(blockIdx.x) * block_threads + static_cast<int>(threadIdx.x);
  if (i >= classes) return;
  const double pairs = class_pairs(count, classes);
  const double scale = pairs > 0.0 ? static_cast<double>(dloss[0]) / pairs : 0.0;
  double by_spread = 0.0, own = 0.0;
  for (int j = 0; j < classes; ++j) {
    slopes[i * classes + j] = 0.0f;
    if (i == j || !(count[i] > 0.0f && count[j] > 0.0f)) continue;
    const double distance = centre_distance(dots, classes, i, j);
    by_spread += 2.0 * scale / distance;
    if (centre_distance2(dots, classes, i, j) <= 1e-12) continue;
    const double by_square =
        -scale * static_cast<double>(spread[i] + spread[j]) / (distance * distance * distance);
    slopes[i * classes + j] = static_cast<float>(-by_square);
    own += by_square;
  }
  for (int b = 0; b < batch; ++b) {
    if (labels[b] != i) continue;
    const double r = static_cast<double>(radius[b]);
    pull[b] = r > 0.0 ? static_cast<float>(by_spread / (2.0 * r * static_cast<double>(count[i]))) : 0.0f;
    own += static_cast<double>(pull[b]);
  }
  slopes[i * classes + i] = static_cast<float>(own);
}

__global__ void __launch_bounds__(block_threads)
    class_separability_grad_kernel(int batch, int classes, const int32_t* labels, const float* count,
                                   const float* pull, const float* slopes, float* dgram, bool accumulate) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * block_threads + threadIdx.x;
  if (at >= static_cast<int64_t>(batch) * batch) return;
  const int b = static_cast<int>(at / batch), other = static_cast<int>(at % batch);
  const int y = labels[b], z = labels[other];
  float value = 0.0f;
  if (y >= 0 && z >= 0) {
    value = slopes[y * classes + z] / (count[y] * count[z]);
    if (y == z) value -= 2.0f * pull[b] / count[y];
    if (b == other) value += pull[b];
  }
  store(dgram, at, value, accumulate);
}

}  // namespace

void class_separability(const ClassSeparabilityArgs& a, Stream stream) {
  const int batch = static_cast<int>(a.gram.shape[0]), classes = static_cast<int>(a.count.elements());
  check(classes <= 32768, "class_separability", "has CUDA kernels for up to 32768 classes, got ", classes);
  launch("class_separability", class_sums_kernel, dim3(blocks_for(batch, block_threads)), dim3(block_threads),
         0, stream, batch, classes, a.gram.f32(), a.labels.i32(), a.sums.f32());
  launch("class_separability", class_spread_kernel, dim3(1), dim3(block_threads), 0, stream, batch, classes,
         a.gram.f32(), a.labels.i32(), a.count.f32(), a.sums.f32(), a.dots.f32(), a.radius.f32(),
         a.spread.f32());
  launch("class_separability", class_separability_kernel, dim3(1), dim3(1), 0, stream, classes, a.count.f32(),
         a.dots.f32(), a.spread.f32(), a.loss.f32());
}

void class_separability_grad(const ClassSeparabilityGradArgs& a, Stream stream) {
  const int batch = static_cast<int>(a.labels.elements()), classes = static_cast<int>(a.count.elements());
  launch("class_separability_grad", class_slopes_kernel, dim3(blocks_for(classes, block_threads)),
         dim3(block_threads), 0, stream, batch, classes, a.labels.i32(), a.count.f32(), a.dots.f32(),
         a.radius.f32(), a.spread.f32(), a.dloss.f32(), a.pull.f32(), a.slopes.f32());
  launch("class_separability_grad", class_separability_grad_kernel,
         dim3(blocks_for(static_cast<int64_t>(batch) * batch, block_threads)), dim3(block_threads), 0, stream,
         batch, classes, a.labels.i32(), a.count.f32(), a.pull.f32(), a.slopes.f32(), a.dgram.f32(),
         a.dgram.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
