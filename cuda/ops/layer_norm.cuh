// Layer normalisation: one warp for each row, the row in registers. Rows of more than 1024 channels or of odd
// sizes take a block.
#pragma once

#include <t2ue/cuda/layer_norm_rows.cuh>
#include <t2ue/cuda/reduce.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

template <class T>
struct LayerNormRows {
  const T *x, *residual;       ///< [rows, channels]; residual or null
  const float *scale, *shift;  ///< [channels]
  T *sum, *y;
  float *mean, *inv_std;  ///< [rows]
  int64_t rows;
  int channels;
  float eps;
};

/// The mean of a row and 1/sqrt(variance + eps) from a first guess of the mean and the sums of deviations
/// from it and of their squares: exact for constant rows, and stable for rows far from zero.
struct RowMoments {
  float mean, inv_std;

  __device__ RowMoments(float guess, float deviations, float squares, float channels, float eps) {
    const float correction = deviations / channels, variance = squares / channels - correction * correction;
    mean = guess + correction;
    inv_std = 1.0f / sqrtf((variance < 0 ? 0 : variance) + eps);
  }
};

/// x + residual as it is stored, which is also what the gradient will see.
template <class T>
__device__ __forceinline__ T stored_sum(T x, T residual) {
  return static_cast<T>(static_cast<float>(x) + static_cast<float>(residual));
}

/// Grid: blocks of 8 rows. A lane holds Steps vectors of N neighbouring channels, 32 * N channels apart.
template <class T, int Steps>
__global__ void layer_norm_rows(LayerNormRows<T> a) {
  constexpr int N = vector_width<T>;
  using Pack = Vector<T, N>;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * layer_norm_warps + threadIdx.x / 32;
  if (row >= a.rows) return;  // a whole warp
  const int64_t start = row * a.channels;
  Pack x[Steps];
  float total = 0;
#pragma unroll
  for (int i = 0; i < Steps; ++i) {
    const int c = (i * 32 + lane) * N;
    x[i] = {};
    if (c >= a.channels) continue;
    x[i] = *reinterpret_cast<const Pack*>(a.x + start + c);
    if (a.residual) {
      const Pack residual = *reinterpret_cast<const Pack*>(a.residual + start + c);
#pragma unroll
      for (int e = 0; e < N; ++e) x[i].at[e] = stored_sum(x[i].at[e], residual.at[e]);
      *reinterpret_cast<Pack*>(a.sum + start + c) = x[i];
    }
#pragma unroll
    for (int e = 0; e < N; ++e) total += static_cast<float>(x[i].at[e]);
  }
  const float channels = static_cast<float>(a.channels), guess = warp_sum(total) / channels;
  float deviations = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < Steps; ++i) {
    if ((i * 32 + lane) * N >= a.channels) continue;
#pragma unroll
    for (int e = 0; e < N; ++e) {
      const float deviation = static_cast<float>(x[i].at[e]) - guess;
      deviations += deviation;
      squares += deviation * deviation;
    }
  }
  const RowMoments moments(guess, warp_sum(deviations), warp_sum(squares), channels, a.eps);
  if (lane == 0) a.mean[row] = moments.mean, a.inv_std[row] = moments.inv_std;
#pragma unroll
  for (int i = 0; i < Steps; ++i) {
    const int c = (i * 32 + lane) * N;
    if (c >= a.channels) continue;
    const Floats<N> scale(a.scale + c);
    const Floats<N> shift(a.shift + c);
    Pack y;
#pragma unroll
    for (int e = 0; e < N; ++e)
      y.at[e] = static_cast<T>((static_cast<float>(x[i].at[e]) - moments.mean) * moments.inv_std * scale[e] +
                               shift[e]);
    *reinterpret_cast<Pack*>(a.y + start + c) = y;
  }
}

/// The same for rows of any size: a block a row, which it reads three times.
template <class T>
__global__ void layer_norm_long_rows(LayerNormRows<T> a) {
  T2UE_SHARED(float, slots, 32);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int64_t start = static_cast<int64_t>(blockIdx.x) * a.channels;
  const T* x = a.x + start;
  float total = 0;
  for (int c = thread; c < a.channels; c += threads) {
    T value = x[c];
    if (a.residual) value = a.sum[start + c] = stored_sum(value, a.residual[start + c]);
    total += static_cast<float>(value);
  }
  if (a.residual) x = a.sum + start;  // every thread reads again what it wrote itself
  const float channels = static_cast<float>(a.channels), guess = block_sum(total, slots) / channels;
  float deviations = 0, squares = 0;
  for (int c = thread; c < a.channels; c += threads) {
    const float deviation = load(x, c) - guess;
    deviations += deviation;
    squares += deviation * deviation;
  }
  deviations = block_sum(deviations, slots);
  squares = block_sum(squares, slots);
  const RowMoments moments(guess, deviations, squares, channels, a.eps);
  if (thread == 0) a.mean[blockIdx.x] = moments.mean, a.inv_std[blockIdx.x] = moments.inv_std;
  for (int c = thread; c < a.channels; c += threads)
    store(a.y, start + c, (load(x, c) - moments.mean) * moments.inv_std * a.scale[c] + a.shift[c]);
}

}  // namespace

void layer_norm(const LayerNormArgs& a, Stream stream) {
  const int64_t rows = a.x.shape.rows(), channels = a.x.shape.back();
  with_type_of("layer_norm", a.x, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    const LayerNormRows<T> p{
        a.x.as<T>(), a.residual.as<T>(), a.scale.f32(),   a.shift.f32(), a.sum.as<T>(),
        a.y.as<T>(), a.mean.f32(),       a.inv_std.f32(), rows,          static_cast<int>(channels),
        a.eps};
    const bool aligned = layer_norm_aligned({&a.x, &a.residual, &a.scale, &a.shift, &a.sum, &a.y});
    const bool done = with_row_in_registers<T>(channels, aligned, [&](auto steps) {
      launch("layer_norm", layer_norm_rows<T, steps>, blocks_for(rows, layer_norm_warps), layer_norm_block, 0,
             stream, p);
    });
    if (!done)
      launch("layer_norm", layer_norm_long_rows<T>, blocks_for(rows, 1), threads_of_long_row(channels), 0,
             stream, p);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
