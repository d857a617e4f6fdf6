// Softmax attention on tensor cores: bf16, heads of 32, 64, 80 or 128 columns. A warp owns 16 rows of a head;
// the rows of the other side lie in shared memory, `pitch` elements apart so that 8 of them meet in 32
// different banks.
#pragma once

#include <t2ue/cuda/attention_problem.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma {

inline constexpr float log2_e = 1.4426950408889634f;
inline constexpr int tile = attention_tile;
inline constexpr int chunk = 4 * tile;  // keys between two updates of the running maximum

template <int Width>
inline constexpr int pitch = Width + 8;

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
template <int Width>
__device__ void stage_rows(bf16* to, const bf16* from, int64_t stride, int rows, int valid) {
  constexpr int pieces = Width / 8;
  for (int i = static_cast<int>(threadIdx.x); i < rows * pieces; i += static_cast<int>(blockDim.x)) {
    const int row = i / pieces, column = i % pieces * 8;
    bf16* place = to + row * pitch<Width> + column;
    if (row < valid)
      copy_async(place, from + row * stride + column);
    else
      *reinterpret_cast<Vector<bf16, 8>*>(place) = {};
  }
}

/// s += a b^T: 16 rows of a with the first 16 * groups rows of b.
template <int Width, int Groups>
__device__ __forceinline__ void multiply_rows(float (&s)[2 * Groups][4], const bf16* a, const bf16* b,
                                              int groups) {
  const int lane = lane_of_thread();
  a += lane % 16 * pitch<Width> + lane / 16 * 8;
  b += (lane / 16 * 8 + lane % 8) * pitch<Width> + lane / 8 % 2 * 8;
#pragma unroll
  for (int k = 0; k < Width; k += 16) {
    uint32_t left[4];
    load_tiles(left, a + k);
#pragma unroll
    for (int n = 0; n < Groups; ++n) {
      if (n >= groups) break;
      uint32_t right[4];
      load_tiles(right, b + n * tile * pitch<Width> + k);
      const uint32_t low[2] = {right[0], right[1]}, high[2] = {right[2], right[3]};
      mma_16x8x16(s[2 * n], left, low);
      mma_16x8x16(s[2 * n + 1], left, high);
    }
  }
}

/// sum += p rows: p a 16x16 tile in registers, 16 rows in shared memory.
template <int Width>
__device__ __forceinline__ void multiply_tile(float (&sum)[Width / 8][4], const uint32_t (&p)[4],
                                              const bf16* rows) {
  const int lane = lane_of_thread();
  rows += lane % 16 * pitch<Width> + lane / 16 * 8;
#pragma unroll
  for (int n = 0; n < Width / 8; n += 2) {
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
template <int Width>
__device__ void put_rows(const float (&sum)[Width / 8][4], float upper, float lower, bf16* room, bf16* to,
                         int64_t stride, int valid, bool accumulate) {
  const int lane = lane_of_thread();
  T2UE_SYNC_WARP();
  bf16* place = room + lane / 4 * pitch<Width> + lane % 4 * 2;
#pragma unroll
  for (int n = 0; n < Width / 8; ++n) {
    *reinterpret_cast<Vector<bf16, 2>*>(place + n * 8) = {bf16(sum[n][0] * upper), bf16(sum[n][1] * upper)};
    *reinterpret_cast<Vector<bf16, 2>*>(place + 8 * pitch<Width> + n * 8) = {bf16(sum[n][2] * lower),
                                                                             bf16(sum[n][3] * lower)};
  }
  T2UE_SYNC_WARP();
  constexpr int pieces = Width / 8;
  for (int i = lane; i < tile * pieces; i += 32) {
    const int row = i / pieces, column = i % pieces * 8;
    if (row >= valid) break;
    auto value = *reinterpret_cast<const Vector<bf16, 8>*>(room + row * pitch<Width> + column);
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
/// at a time (all at once where they fit), with a running maximum and sum for each query.
template <int Width>
__global__ void forward(AttentionProblem<bf16> p, int stage) {
  T2UE_DYNAMIC_SHARED(bf16, shared);
  const int lane = lane_of_thread(), own = static_cast<int>(blockDim.x / 2), tokens = p.tokens;
  const int first = static_cast<int>(blockIdx.y) * own, row = first + warp_of_thread() * tile;
  const int64_t stride = 3 * p.channels();
  const bf16* q = p.qkv + p.start(3);
  bf16 *own_q = shared + warp_of_thread() * tile * pitch<Width>, *k = shared + own * pitch<Width>;
  bf16* v = k + stage * pitch<Width>;
  stage_rows<Width>(shared, q + first * stride, stride, own, tokens - first);

  const float unit = p.scale * log2_e;
  const int block_reach = p.causal ? min(tokens, first + own) : tokens;
  const int reach = row >= tokens ? 0
                    : p.causal    ? min(tokens, row + tile)
                                  : tokens;  // keys that some row sees
  float sum[Width / 8][4] = {}, highest[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};
  for (int from = 0; from < block_reach; from += stage) {
    if (from > 0) T2UE_SYNC_BLOCK();
    const int rows = min(stage, (block_reach - from + tile - 1) / tile * tile);
    stage_rows<Width>(k, q + p.channels() + from * stride, stride, rows, tokens - from);
    stage_rows<Width>(v, q + 2 * p.channels() + from * stride, stride, rows, tokens - from);
    copies_done();
    T2UE_SYNC_BLOCK();
    for (int key = from; key < min(reach, from + stage); key += chunk) {
      const int groups = min(chunk / tile, (min(reach, from + stage) - key + tile - 1) / tile);
      float s[2 * chunk / tile][4] = {};
      multiply_rows<Width, chunk / tile>(s, own_q, k + (key - from) * pitch<Width>, groups);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int query = row + lane / 4 + 8 * half, seen = p.causal ? min(tokens, query + 1) : tokens;
        float most = highest[half];
#pragma unroll
        for (int n = 0; n < 2 * chunk / tile; ++n) {
          if (n >= 2 * groups) break;
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            if (key + n * 8 + lane % 4 * 2 + e % 2 >= seen) s[n][e] = -INFINITY;
            most = fmaxf(most, s[n][e]);
          }
        }
        most = fmaxf(most, shuffle_xor(most, 1));
        most = fmaxf(most, shuffle_xor(most, 2));
        const float shrink = exp2f((highest[half] - most) * unit), offset = most * unit;
        highest[half] = most;
        total[half] *= shrink;
#pragma unroll
        for (int n = 0; n < Width / 8; ++n) sum[n][2 * half] *= shrink, sum[n][2 * half + 1] *= shrink;
#pragma unroll
        for (int n = 0; n < 2 * chunk / tile; ++n) {
          if (n >= 2 * groups) break;
#pragma unroll
          for (int e = 2 * half; e < 2 * half + 2; ++e) {
            s[n][e] = exp2f(s[n][e] * unit - offset);  // a NaN that fmaxf passed over stays NaN here
            total[half] += s[n][e];
          }
        }
      }
#pragma unroll
      for (int n = 0; n < chunk / tile; ++n) {
        if (n >= groups) break;
        uint32_t weights[4];
        to_factor(weights, s[2 * n], s[2 * n + 1]);
        multiply_tile<Width>(sum, weights, v + (key - from + n * tile) * pitch<Width>);
      }
    }
  }

#pragma unroll
  for (int half = 0; half < 2; ++half) {
    total[half] += shuffle_xor(total[half], 1);
    total[half] += shuffle_xor(total[half], 2);
    const int query = row + lane / 4 + 8 * half;
    if (lane % 4 == 0 && query < tokens)
      p.lse[p.statistics() + query] = highest[half] * p.scale + logf(total[half]);
  }
  put_rows<Width>(sum, 1 / total[0], 1 / total[1], own_q, p.to + p.start(1) + row * p.channels(),
                  p.channels(), tokens - row, false);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma
