// The gradient of layer normalisation, apart from layer_norm.cuh so that both compile at once.
#pragma once

#include <algorithm>

#include <t2ue/cuda/layer_norm_rows.cuh>
#include <t2ue/cuda/reduce.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

template <class T>
struct LayerNormGradRows {
  const T *normalised, *dy, *dsum;  ///< dsum or null
  const float *scale, *mean, *inv_std;
  T *dx, *dresidual;  ///< or null
  bool accumulate_dx, accumulate_dresidual;
  float* partial;  ///< [blocks, 2, channels]: each block's sums of dscale and dshift, or null
  int64_t rows;
  int channels;
};

/// The gradient of N neighbouring elements goes to x and to the residual, one after the other: both may be
/// the same value, and so may their gradients be.
template <class T, int N>
__device__ __forceinline__ void put_gradients(const LayerNormGradRows<T>& a, int64_t i,
                                              const float (&value)[N]) {
  using Pack = Vector<T, N>;
  for (int target = 0; target < 2; ++target) {
    T* to = target == 0 ? a.dx : a.dresidual;
    if (!to) continue;
    Pack result;
    if (target == 0 ? a.accumulate_dx : a.accumulate_dresidual) {
      const Pack before = *reinterpret_cast<const Pack*>(to + i);
#pragma unroll
      for (int e = 0; e < N; ++e) result.at[e] = static_cast<T>(static_cast<float>(before.at[e]) + value[e]);
    } else {
#pragma unroll
      for (int e = 0; e < N; ++e) result.at[e] = static_cast<T>(value[e]);
    }
    *reinterpret_cast<Pack*>(to + i) = result;
  }
}

/// With n the normalised row and g = dy*scale: inv_std * (g - mean(g) - n*mean(g*n)) + dsum, and the block's
/// sums of dy*n and dy. Rows are dealt out to all warps of the grid in turn. Affine: whether those sums are
/// wanted.
template <class T, int Steps, bool Affine>
__global__ void layer_norm_grad_rows(LayerNormGradRows<T> a) {
  constexpr int N = vector_width<T>;
  using Pack = Vector<T, N>;
  T2UE_SHARED(float, slots, Affine ? layer_norm_warps * 32 * N : 1);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const bool wants_input = a.dx || a.dresidual;
  float dscale[Affine ? Steps : 1][N] = {}, dshift[Affine ? Steps : 1][N] = {};
  const int64_t stride = static_cast<int64_t>(gridDim.x) * layer_norm_warps;
  for (int64_t row = static_cast<int64_t>(blockIdx.x) * layer_norm_warps + warp; row < a.rows;
       row += stride) {
    const int64_t start = row * a.channels;
    const float mean = a.mean[row], inv_std = a.inv_std[row];
    Pack x[Steps], dy[Steps];
    float sum = 0, along = 0;
#pragma unroll
    for (int i = 0; i < Steps; ++i) {
      const int c = (i * 32 + lane) * N;
      x[i] = dy[i] = {};
      if (c >= a.channels) continue;
      x[i] = *reinterpret_cast<const Pack*>(a.normalised + start + c);
      dy[i] = *reinterpret_cast<const Pack*>(a.dy + start + c);
      const Floats<N> scale(a.scale + c);
#pragma unroll
      for (int e = 0; e < N; ++e) {
        const float n = (static_cast<float>(x[i].at[e]) - mean) * inv_std,
                    d = static_cast<float>(dy[i].at[e]);
        const float g = d * scale[e];
        sum += g;
        along += g * n;
        if constexpr (Affine) dscale[i][e] += d * n, dshift[i][e] += d;
      }
    }
    if (!wants_input) continue;
    const float channels = static_cast<float>(a.channels);
    const float mean_g = warp_sum(sum) / channels, mean_gn = warp_sum(along) / channels;
#pragma unroll
    for (int i = 0; i < Steps; ++i) {
      const int c = (i * 32 + lane) * N;
      if (c >= a.channels) continue;
      const Floats<N> scale(a.scale + c);
      float value[N];
#pragma unroll
      for (int e = 0; e < N; ++e) {
        const float n = (static_cast<float>(x[i].at[e]) - mean) * inv_std;
        value[e] = inv_std * (static_cast<float>(dy[i].at[e]) * scale[e] - mean_g - n * mean_gn);
      }
      if (a.dsum) {
        const Pack dsum = *reinterpret_cast<const Pack*>(a.dsum + start + c);
#pragma unroll
        for (int e = 0; e < N; ++e) value[e] += static_cast<float>(dsum.at[e]);
      }
      put_gradients<T, N>(a, start + c, value);
    }
  }

  if constexpr (Affine) {
    float* to = a.partial + static_cast<int64_t>(blockIdx.x) * 2 * a.channels;
#pragma unroll
    for (int i = 0; i < 2 * Steps; ++i) {  // 32 * N channels at a time, of dscale and then of dshift
      T2UE_SYNC_BLOCK();
#pragma unroll
      for (int e = 0; e < N; ++e)
        slots[(warp * N + e) * 32 + lane] = i < Steps ? dscale[i % Steps][e] : dshift[i % Steps][e];
      T2UE_SYNC_BLOCK();
      for (int j = static_cast<int>(threadIdx.x); j < 32 * N; j += layer_norm_block) {
        const int c = i % Steps * 32 * N + j;
        float sum = 0;
#pragma unroll 1
        for (int w = 0; w < layer_norm_warps; ++w) sum += slots[(w * N + j % N) * 32 + j / N];
        if (c < a.channels) to[(i < Steps ? 0 : a.channels) + c] = sum;
      }
    }
  }
}

/// The gradient of the input for rows of any size: a block a row.
template <class T>
__global__ void layer_norm_grad_long_rows(LayerNormGradRows<T> a) {
  T2UE_SHARED(float, slots, 32);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const int64_t start = static_cast<int64_t>(blockIdx.x) * a.channels;
  const float mean = a.mean[blockIdx.x], inv_std = a.inv_std[blockIdx.x];
  float sum = 0, along = 0;
  for (int c = thread; c < a.channels; c += threads) {
    const float g = load(a.dy, start + c) * a.scale[c];
    sum += g;
    along += g * (load(a.normalised, start + c) - mean) * inv_std;
  }
  const float channels = static_cast<float>(a.channels);
  const float mean_g = block_sum(sum, slots) / channels, mean_gn = block_sum(along, slots) / channels;
  for (int c = thread; c < a.channels; c += threads) {
    const float n = (load(a.normalised, start + c) - mean) * inv_std;
    const float value = inv_std * (load(a.dy, start + c) * a.scale[c] - mean_g - n * mean_gn);
    put_gradients<T, 1>(a, start + c, {a.dsum ? value + load(a.dsum, start + c) : value});
  }
}

/// The sums of dscale and dshift for rows of any size. Grid (blocks of 32 channels, blocks of rows); each
/// of a block's 8 warps takes every eighth row.
template <class T>
__global__ void layer_norm_grad_columns(LayerNormGradRows<T> a, int rows_a_block) {
  T2UE_SHARED(float, slots, 2 * layer_norm_block);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int c = static_cast<int>(blockIdx.x) * 32 + lane;
  const int64_t first = static_cast<int64_t>(blockIdx.y) * rows_a_block,
                end = min(a.rows, first + rows_a_block);
  float dscale = 0, dshift = 0;
  if (c < a.channels)
    for (int64_t row = first + warp; row < end; row += layer_norm_warps) {
      const float d = load(a.dy, row * a.channels + c);
      dscale += d * (load(a.normalised, row * a.channels + c) - a.mean[row]) * a.inv_std[row];
      dshift += d;
    }
  slots[threadIdx.x] = dscale, slots[layer_norm_block + threadIdx.x] = dshift;
  T2UE_SYNC_BLOCK();
  if (warp >= 2 || c >= a.channels) return;
  float sum = 0;
  for (int w = 0; w < layer_norm_warps; ++w) sum += slots[warp * layer_norm_block + w * 32 + lane];
  a.partial[(static_cast<int64_t>(blockIdx.y) * 2 + warp) * a.channels + c] = sum;
}

/// dscale, dshift = (or +=) the sums over `blocks` of partial [blocks, 2, channels]; either may be null. A
/// block of 32 x 32 threads sums 32 columns: each warp takes every 32nd block.
__global__ void layer_norm_affine_sums(const float* partial, int blocks, int channels, float* dscale,
                                       float* dshift, bool accumulate_dscale, bool accumulate_dshift) {
  T2UE_SHARED(float, slots, 32 * 33);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int column = static_cast<int>(blockIdx.x) * 32 + lane;
  float sum = 0;
  if (column < 2 * channels)
    for (int block = warp; block < blocks; block += 32)
      sum += partial[static_cast<int64_t>(block) * 2 * channels + column];
  slots[lane * 33 + warp] = sum;
  T2UE_SYNC_BLOCK();
  sum = warp_sum(slots[warp * 33 + lane]);
  const int mine = static_cast<int>(blockIdx.x) * 32 + warp;
  if (lane != 0 || mine >= 2 * channels) return;
  if (mine < channels) {
    if (dscale) store(dscale, mine, sum, accumulate_dscale);
  } else if (dshift) {
    store(dshift, mine - channels, sum, accumulate_dshift);
  }
}

}  // namespace

void layer_norm_grad(const LayerNormGradArgs& a, Stream stream) {
  const int64_t rows = a.dy.shape.rows(), channels = a.dy.shape.back();
  const bool wants_input = a.dx || a.dresidual, wants_affine = a.dscale || a.dshift;
  if (!wants_input && !wants_affine) return;
  // Two waves of blocks on an H100, each with at least 4 rows a warp.
  const int64_t blocks = std::clamp<int64_t>(rows / (4 * layer_norm_warps), 1, 264);
  float* partial =
      wants_affine
          ? static_cast<float*>(scratch(static_cast<size_t>(blocks * 2 * channels) * sizeof(float), stream))
          : nullptr;
  with_type_of("layer_norm_grad", a.dy, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    const LayerNormGradRows<T> p{a.normalised.as<T>(),
                                 a.dy.as<T>(),
                                 a.dsum.as<T>(),
                                 a.scale.f32(),
                                 a.mean.f32(),
                                 a.inv_std.f32(),
                                 a.dx.as<T>(),
                                 a.dresidual.as<T>(),
                                 a.dx.accumulate,
                                 a.dresidual.accumulate,
                                 partial,
                                 rows,
                                 static_cast<int>(channels)};
    const bool aligned = layer_norm_aligned({&a.normalised, &a.dy, &a.dsum, &a.scale, &a.dx, &a.dresidual});
    const bool done = with_row_in_registers<T>(channels, aligned, [&](auto steps) {
      if (wants_affine)
        launch("layer_norm_grad", layer_norm_grad_rows<T, steps, true>, static_cast<unsigned>(blocks),
               layer_norm_block, 0, stream, p);
      else
        launch("layer_norm_grad", layer_norm_grad_rows<T, steps, false>, blocks_for(rows, layer_norm_warps),
               layer_norm_block, 0, stream, p);
    });
    if (done) return;
    if (wants_input)
      launch("layer_norm_grad", layer_norm_grad_long_rows<T>, blocks_for(rows, 1),
             threads_of_long_row(channels), 0, stream, p);
    if (wants_affine)
      launch("layer_norm_grad (columns)", layer_norm_grad_columns<T>,
             dim3(blocks_for(channels, 32), static_cast<unsigned>(blocks)), layer_norm_block, 0, stream, p,
             static_cast<int>((rows + blocks - 1) / blocks));
  });
  if (wants_affine)
    launch("layer_norm_grad (sums)", layer_norm_affine_sums, blocks_for(2 * channels, 32), 1024, 0, stream,
           partial, static_cast<int>(blocks), static_cast<int>(channels), a.dscale.f32(), a.dshift.f32(),
           a.dscale.accumulate, a.dshift.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
