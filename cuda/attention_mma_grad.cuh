// The gradient of softmax attention on tensor cores, by FlashAttention-2's formulas (Dao, 2023):
//
//   P = exp(scale Q K^T - lse)   delta = rowsum(dO * O)   dS = P * (dO V^T - delta)
//   dQ = scale dS K              dK = scale dS^T Q        dV = P^T dO
//
// P is made again from the log-sum-exp, once by the warps that own queries (dQ) and once by those that own
// keys (dK, dV), so that nothing is added up across warps.
#pragma once

#include <t2ue/cuda/attention_mma.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma {

/// The rows that one warp owns, a and b, against rows x and y of the other side, all in shared memory. A warp
/// that owns queries has a = q, b = dout, x = k, y = v; one that owns keys a = k, b = v, x = q, y = dout.
/// lse, delta: of the queries, where the queries' rows are.
struct Sides {
  const bf16 *a, *b, *x, *y;
  const float *lse, *delta;
  int own, other;  ///< the token of the first row of a, and of x
};

/// For rows begin..end-1 of x and y: acc_dqk += dS x, which is dQ where queries are owned and dK where keys
/// are; then also acc_dv += P y. `begin` is a multiple of 16.
template <int HeadDim, bool OwnKeys>
__device__ __forceinline__ void add_gradients(float (&acc_dqk)[HeadDim / 8][4],
                                              float (&acc_dv)[HeadDim / 8][4],
                                              const AttentionProblem<bf16>& p, const Sides& sides, int begin,
                                              int end) {
  constexpr int most_groups = OwnKeys && HeadDim > 80 ? 1 : 2;
  const int lane = lane_of_thread();
  const float scale_log2 = p.scale * log2_e;
  for (int from = begin; from < end; from += most_groups * tile) {
    const int groups = min(most_groups, (end - from + tile - 1) / tile);
    float prob[2 * most_groups][4] = {}, ds[2 * most_groups][4] = {};
    multiply_rows<HeadDim, most_groups>(prob, sides.a, sides.x + from * pitch<HeadDim>, groups);
    multiply_rows<HeadDim, most_groups>(ds, sides.b, sides.y + from * pitch<HeadDim>, groups);
#pragma unroll
    for (int n = 0; n < 2 * most_groups; ++n) {
      if (n >= 2 * groups) break;
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int row = lane / 4 + e / 2 * 8, column = from + n * 8 + lane % 4 * 2 + e % 2;
        const int query = OwnKeys ? sides.other + column : sides.own + row;
        const int key = OwnKeys ? sides.own + row : sides.other + column;
        const int statistic = OwnKeys ? column : row;
        const bool seen = query < p.tokens && key < (p.causal ? query + 1 : p.tokens);
        const float value = exp2f(prob[n][e] * scale_log2 - sides.lse[statistic] * log2_e);
        prob[n][e] = seen ? value : 0.0f;
        ds[n][e] = seen ? value * (ds[n][e] - sides.delta[statistic]) : 0.0f;
      }
    }
#pragma unroll
    for (int n = 0; n < most_groups; ++n) {
      if (n >= groups) break;
      uint32_t factor[4];
      to_factor(factor, ds[2 * n], ds[2 * n + 1]);
      multiply_tile<HeadDim>(acc_dqk, factor, sides.x + (from + n * tile) * pitch<HeadDim>);
      if constexpr (OwnKeys) {
        to_factor(factor, prob[2 * n], prob[2 * n + 1]);
        multiply_tile<HeadDim>(acc_dv, factor, sides.y + (from + n * tile) * pitch<HeadDim>);
      }
    }
  }
}

/// delta = the row sums of dout * out over a warp's 16 rows, two lanes a row; lse next to it. `dout` is in
/// shared memory, `first` the token of its first row.
template <int HeadDim>
__device__ void row_statistics(float* lse, float* delta, const AttentionProblem<bf16>& p, const bf16* dout,
                               int first) {
  const int lane = lane_of_thread(), row = lane / 2, query = first + row;
  float sum = 0;
  if (query < p.tokens) {
    const bf16* out = p.out + p.start(1) + query * p.channels();
    for (int column = lane % 2 * 8; column < HeadDim; column += 16) {
      const auto left = *reinterpret_cast<const Vector<bf16, 8>*>(out + column);
      const auto right = *reinterpret_cast<const Vector<bf16, 8>*>(dout + row * pitch<HeadDim> + column);
      for (int e = 0; e < 8; ++e) sum += static_cast<float>(left.at[e]) * static_cast<float>(right.at[e]);
    }
  }
  sum += shuffle_xor(sum, 1);
  if (lane % 2 != 0) return;
  delta[row] = sum;
  lse[row] = query < p.tokens ? p.lse[p.statistics() + query] : 0.0f;
}

/// A whole head a block, a warp for every 16 tokens: everything is read once. Grid B*heads.
template <int HeadDim>
__global__ void whole_head_grad(AttentionProblem<bf16> p) {
  T2UE_DYNAMIC_SHARED(bf16, shared);
  const int rows = static_cast<int>(blockDim.x / 2), first = warp_of_thread() * tile, tokens = p.tokens;
  const int size = rows * pitch<HeadDim>, own = first * pitch<HeadDim>;
  const int64_t channels = p.channels(), stride = 3 * channels;
  bf16 *q = shared, *k = q + size, *v = k + size, *dout = v + size, *room = dout + size + own;
  auto *lse = reinterpret_cast<float*>(dout + 2 * size), *delta = lse + rows;
  const bf16* from = p.qkv + p.start(3);
  stage_rows<HeadDim>(q, from, stride, rows, tokens);
  stage_rows<HeadDim>(k, from + channels, stride, rows, tokens);
  stage_rows<HeadDim>(v, from + 2 * channels, stride, rows, tokens);
  stage_rows<HeadDim>(dout, p.dout + p.start(1), channels, rows, tokens);
  copies_done();
  T2UE_SYNC_BLOCK();
  row_statistics<HeadDim>(lse + first, delta + first, p, dout + own, first);
  T2UE_SYNC_BLOCK();

  bf16* to = p.to + p.start(3) + first * stride;
  {
    float dq[HeadDim / 8][4] = {}, unused[HeadDim / 8][4];
    const Sides sides{q + own, dout + own, k, v, lse + first, delta + first, first, 0};
    add_gradients<HeadDim, false>(dq, unused, p, sides, 0, p.causal ? min(tokens, first + tile) : tokens);
    put_rows<HeadDim>(dq, p.scale, p.scale, room, to, stride, tokens - first, p.accumulate);
  }
  T2UE_SYNC_BLOCK();  // from here on every warp reads only its own keys and values
  float dk[HeadDim / 8][4] = {}, dv[HeadDim / 8][4] = {};
  const Sides sides{k + own, v + own, q, dout, lse, delta, first, 0};
  add_gradients<HeadDim, true>(dk, dv, p, sides, p.causal ? first : 0, tokens);
  put_rows<HeadDim>(dk, p.scale, p.scale, k + own, to + channels, stride, tokens - first, p.accumulate);
  put_rows<HeadDim>(dv, 1, 1, v + own, to + 2 * channels, stride, tokens - first, p.accumulate);
}

/// One side of the gradient for longer sequences: the block owns rows of it, 16 a warp, and the other side
/// passes through shared memory `stage` rows at a time. The side of the queries also leaves `delta` for the
/// other one. Grid (B*heads, blocks of rows).
template <int HeadDim, bool OwnKeys>
__global__ void one_side_grad(AttentionProblem<bf16> p, int stage) {
  T2UE_DYNAMIC_SHARED(bf16, shared);
  const int rows = static_cast<int>(blockDim.x / 2), tokens = p.tokens;
  const int block_first = static_cast<int>(blockIdx.y) * rows, first = block_first + warp_of_thread() * tile;
  const int own = warp_of_thread() * tile * pitch<HeadDim>;
  const int64_t channels = p.channels(), stride = 3 * channels;
  bf16 *a = shared, *b = a + rows * pitch<HeadDim>, *x = b + rows * pitch<HeadDim>,
       *y = x + stage * pitch<HeadDim>;
  auto* lse = reinterpret_cast<float*>(y + stage * pitch<HeadDim>);
  float* delta = lse + (OwnKeys ? stage : rows);

  const bf16 *qkv = p.qkv + p.start(3), *dout = p.dout + p.start(1);
  const bf16 *x_from = OwnKeys ? qkv : qkv + channels, *y_from = OwnKeys ? dout : qkv + 2 * channels;
  const bf16 *a_from = OwnKeys ? qkv + channels : qkv, *b_from = OwnKeys ? qkv + 2 * channels : dout;
  const int64_t b_stride = OwnKeys ? stride : channels, y_stride = OwnKeys ? channels : stride;
  stage_rows<HeadDim>(a, a_from + block_first * stride, stride, rows, tokens - block_first);
  stage_rows<HeadDim>(b, b_from + block_first * b_stride, b_stride, rows, tokens - block_first);

  // Rows of the other side that matter to the block, and to the warp.
  const int block_begin = OwnKeys && p.causal ? block_first : 0;
  const int block_end = !OwnKeys && p.causal ? min(tokens, block_first + rows) : tokens;
  const int begin = OwnKeys && p.causal ? first : 0;
  const int end = first >= tokens ? 0 : !OwnKeys && p.causal ? min(tokens, first + tile) : tokens;
  float acc_dqk[HeadDim / 8][4] = {}, acc_dv[HeadDim / 8][4] = {};
  for (int from = block_begin; from < block_end; from += stage) {
    if (from > block_begin) T2UE_SYNC_BLOCK();
    const int count = min(stage, (block_end - from + tile - 1) / tile * tile);
    stage_rows<HeadDim>(x, x_from + from * stride, stride, count, tokens - from);
    stage_rows<HeadDim>(y, y_from + from * y_stride, y_stride, count, tokens - from);
    if constexpr (OwnKeys)
      for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
        lse[i] = from + i < tokens ? p.lse[p.statistics() + from + i] : 0.0f;
        delta[i] = from + i < tokens ? p.delta[p.statistics() + from + i] : 0.0f;
      }
    copies_done();
    T2UE_SYNC_BLOCK();
    const int mine = OwnKeys ? 0 : warp_of_thread() * tile;
    if (!OwnKeys && from == block_begin) {
      row_statistics<HeadDim>(lse + mine, delta + mine, p, b + own, first);
      T2UE_SYNC_WARP();
      const int lane = lane_of_thread();
      if (lane < tile && first + lane < tokens) p.delta[p.statistics() + first + lane] = delta[mine + lane];
    }
    const Sides sides{a + own, b + own, x, y, lse + mine, delta + mine, first, from};
    add_gradients<HeadDim, OwnKeys>(acc_dqk, acc_dv, p, sides, max(begin - from, 0), min(end - from, stage));
  }
  bf16* to = p.to + p.start(3) + first * stride + (OwnKeys ? channels : 0);
  put_rows<HeadDim>(acc_dqk, p.scale, p.scale, a + own, to, stride, tokens - first, p.accumulate);
  if constexpr (OwnKeys)
    put_rows<HeadDim>(acc_dv, 1, 1, b + own, to + channels, stride, tokens - first, p.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE::attention_mma
