// Softmax attention on tensor cores (mma): bf16, heads of 32, 64, 80 or 128 columns. Names are
// FlashAttention's (Dao et al., 2022).
//
//   Q [16, head_dim] . K^T [head_dim, block_n] -> S [16, block_n] -> P = exp(S - row_max), in registers
//   P [16, block_n] . V [block_n, head_dim] -> acc_o [16, head_dim], in registers -> O = acc_o / row_sum
//
// A warp owns 16 rows of a head. The rows of the other side lie in shared memory, `pitch` elements apart: 8
// of them then start in different banks.
#pragma once

#include <t2ue/cuda/attention_problem.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma {

inline constexpr float log2_e = 1.4426950408889634f;
inline constexpr int tile = attention_mma_rows;
inline constexpr int block_n = 4 * tile;  // keys between two updates of the running maximum

template <int HeadDim>
inline constexpr int pitch = HeadDim + 8;

__device__ __forceinline__ int lane_of_thread() {
  return static_cast<int>(threadIdx.x % 32);
}
__device__ __forceinline__ int warp_of_thread() {
  return static_cast<int>(threadIdx.x / 32);
}
__device__ __forceinline__ uint32_t pack(float low, float high) {
  return static_cast<uint32_t>(bf16(low).bits) | static_cast<uint32_t>(bf16(high).bits) << 16;
}

/// The block starts copying `rows` rows, `stride` elements apart, into shared memory; from `valid` on they
/// are zero.
template <int HeadDim>
__device__ void stage_rows(bf16* to, const bf16* from, int64_t stride, int rows, int valid) {
  constexpr int pieces = HeadDim / 8;
  for (int i = static_cast<int>(threadIdx.x); i < rows * pieces; i += static_cast<int>(blockDim.x)) {
    const int row = i / pieces, column = i % pieces * 8;
    bf16* place = to + row * pitch<HeadDim> + column;
    if (row < valid)
      copy_async(place, from + row * stride + column);
    else
      *reinterpret_cast<Vector<bf16, 8>*>(place) = {};
  }
}

/// s += a b^T: 16 rows of a with the first 16 * groups rows of b.
template <int HeadDim, int Groups>
__device__ __forceinline__ void multiply_rows(float (&s)[2 * Groups][4], const bf16* a, const bf16* b,
                                              int groups) {
  const int lane = lane_of_thread();
  a += lane % 16 * pitch<HeadDim> + lane / 16 * 8;
  b += (lane / 16 * 8 + lane % 8) * pitch<HeadDim> + lane / 8 % 2 * 8;
#pragma unroll
  for (int k = 0; k < HeadDim; k += 16) {
    uint32_t left[4];
    load_tiles(left, a + k);
#pragma unroll
    for (int n = 0; n < Groups; ++n) {
      if (n >= groups) break;
      uint32_t right[4];
      load_tiles(right, b + n * tile * pitch<HeadDim> + k);
      const uint32_t low[2] = {right[0], right[1]}, high[2] = {right[2], right[3]};
      mma_16x8x16(s[2 * n], left, low);
      mma_16x8x16(s[2 * n + 1], left, high);
    }
  }
}

/// sum += p rows: p a 16x16 tile in registers, 16 rows in shared memory.
template <int HeadDim>
__device__ __forceinline__ void multiply_tile(float (&sum)[HeadDim / 8][4], const uint32_t (&p)[4],
                                              const bf16* rows) {
  const int lane = lane_of_thread();
  rows += lane % 16 * pitch<HeadDim> + lane / 16 * 8;
#pragma unroll
  for (int n = 0; n < HeadDim / 8; n += 2) {
    uint32_t right[4];
    load_tiles_transposed(right, rows + n * 8);
    const uint32_t low[2] = {right[0], right[1]}, high[2] = {right[2], right[3]};
    mma_16x8x16(sum[n], p, low);
    mma_16x8x16(sum[n + 1], p, high);
  }
}

/// Two neighbouring 16x8 results as the left factor of the next product.
__device__ __forceinline__ void to_factor(uint32_t (&p)[4], const float (&left)[4], const float (&right)[4]) {
  p[0] = pack(left[0], left[1]), p[1] = pack(left[2], left[3]);
  p[2] = pack(right[0], right[1]), p[3] = pack(right[2], right[3]);
}

/// The warp writes its 16 rows of results, times upper (rows 0..7) and lower (8..15), by way of `room` for 16
/// rows in shared memory that no other warp uses: 16 bytes an access. Only the first `valid` rows are
/// written.
template <int HeadDim>
__device__ void put_rows(const float (&sum)[HeadDim / 8][4], float upper, float lower, bf16* room, bf16* to,
                         int64_t stride, int valid, bool accumulate) {
  const int lane = lane_of_thread();
  T2UE_SYNC_WARP();
  bf16* place = room + lane / 4 * pitch<HeadDim> + lane % 4 * 2;
#pragma unroll
  for (int n = 0; n < HeadDim / 8; ++n) {
    *reinterpret_cast<Vector<bf16, 2>*>(place + n * 8) = {bf16(sum[n][0] * upper), bf16(sum[n][1] * upper)};
    *reinterpret_cast<Vector<bf16, 2>*>(place + 8 * pitch<HeadDim> + n * 8) = {bf16(sum[n][2] * lower),
                                                                               bf16(sum[n][3] * lower)};
  }
  T2UE_SYNC_WARP();
  constexpr int pieces = HeadDim / 8;
  for (int i = lane; i < tile * pieces; i += 32) {
    const int row = i / pieces, column = i % pieces * 8;
    if (row >= valid) break;
    auto value = *reinterpret_cast<const Vector<bf16, 8>*>(room + row * pitch<HeadDim> + column);
    auto* target = reinterpret_cast<Vector<bf16, 8>*>(to + row * stride + column);
    if (accumulate) {
      const Vector<bf16, 8> before = *target;
      for (int e = 0; e < 8; ++e)
        value.at[e] = bf16(static_cast<float>(before.at[e]) + static_cast<float>(value.at[e]));
    }
    *target = value;
  }
}

/// Grid (B*heads, blocks of queries), 16 queries a warp; keys and values pass through shared memory `stage`
/// at a time (all at once where they fit), with a running maximum and acc_o for each query.
template <int HeadDim>
__global__ void forward(AttentionProblem<bf16> p, int stage) {
  T2UE_DYNAMIC_SHARED(bf16, shared);
  const int lane = lane_of_thread(), own = static_cast<int>(blockDim.x / 2), tokens = p.tokens;
  const int first = static_cast<int>(blockIdx.y) * own, row = first + warp_of_thread() * tile;
  const int64_t stride = 3 * p.channels();
  const bf16* q = p.qkv + p.start(3);
  bf16 *own_q = shared + warp_of_thread() * tile * pitch<HeadDim>, *k = shared + own * pitch<HeadDim>;
  bf16* v = k + stage * pitch<HeadDim>;
  stage_rows<HeadDim>(shared, q + first * stride, stride, own, tokens - first);

  const float scale_log2 = p.scale * log2_e;
  const int block_reach = p.causal ? min(tokens, first + own) : tokens;
  const int reach = row >= tokens ? 0
                    : p.causal    ? min(tokens, row + tile)
                                  : tokens;  // keys that some row sees
  float acc_o[HeadDim / 8][4] = {}, row_max[2] = {-INFINITY, -INFINITY}, row_sum[2] = {0, 0};
  for (int from = 0; from < block_reach; from += stage) {
    if (from > 0) T2UE_SYNC_BLOCK();
    const int rows = min(stage, (block_reach - from + tile - 1) / tile * tile);
    stage_rows<HeadDim>(k, q + p.channels() + from * stride, stride, rows, tokens - from);
    stage_rows<HeadDim>(v, q + 2 * p.channels() + from * stride, stride, rows, tokens - from);
    copies_done();
    T2UE_SYNC_BLOCK();
    for (int key = from; key < min(reach, from + stage); key += block_n) {
      const int groups = min(block_n / tile, (min(reach, from + stage) - key + tile - 1) / tile);
      float s[2 * block_n / tile][4] = {};
      multiply_rows<HeadDim, block_n / tile>(s, own_q, k + (key - from) * pitch<HeadDim>, groups);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int query = row + lane / 4 + 8 * half, seen = p.causal ? min(tokens, query + 1) : tokens;
        float new_max = row_max[half];
#pragma unroll
        for (int n = 0; n < 2 * block_n / tile; ++n) {
          if (n >= 2 * groups) break;
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            if (key + n * 8 + lane % 4 * 2 + e % 2 >= seen) s[n][e] = -INFINITY;
            new_max = fmaxf(new_max, s[n][e]);
          }
        }
        new_max = fmaxf(new_max, shuffle_xor(new_max, 1));
        new_max = fmaxf(new_max, shuffle_xor(new_max, 2));
        const float rescale = exp2f((row_max[half] - new_max) * scale_log2), offset = new_max * scale_log2;
        row_max[half] = new_max;
        row_sum[half] *= rescale;
#pragma unroll
        for (int n = 0; n < HeadDim / 8; ++n)
          acc_o[n][2 * half] *= rescale, acc_o[n][2 * half + 1] *= rescale;
#pragma unroll
        for (int n = 0; n < 2 * block_n / tile; ++n) {
          if (n >= 2 * groups) break;
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            s[n][e] = exp2f(s[n][e] * scale_log2 - offset);  // a NaN that fmaxf passed over stays NaN here
            row_sum[half] += s[n][e];
          }
        }
      }
#pragma unroll
      for (int n = 0; n < block_n / tile; ++n) {
        if (n >= groups) break;
        uint32_t probs[4];
        to_factor(probs, s[2 * n], s[2 * n + 1]);
        multiply_tile<HeadDim>(acc_o, probs, v + (key - from + n * tile) * pitch<HeadDim>);
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    row_sum[half] += shuffle_xor(row_sum[half], 1);
    row_sum[half] += shuffle_xor(row_sum[half], 2);
    const int query = row + lane / 4 + 8 * half;
    if (lane % 4 == 0 && query < tokens)
      p.lse[p.statistics() + query] = row_max[half] * p.scale + logf(row_sum[half]);
  }
  put_rows<HeadDim>(acc_o, 1 / row_sum[0], 1 / row_sum[1], own_q, p.to + p.start(1) + row * p.channels(),
                    p.channels(), tokens - row, false);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma
