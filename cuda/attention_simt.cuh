// Softmax attention in fp32 without tensor cores: heads of up to 256 columns, any element type. Names are
// FlashAttention's (Dao et al., 2022).
//
//   Q [rows_per_warp, head_dim] . K^T [head_dim, block_n] -> S -> P [rows_per_warp, block_n]
//   P . V [block_n, head_dim] -> O [rows_per_warp, head_dim]
//
// A warp owns rows_per_warp rows. For S each of its lanes is a row of the other side; for O each is a column.
#pragma once

#include <t2ue/cuda/attention_problem.cuh>
#include <t2ue/cuda/reduce.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE::attention_simt {

inline constexpr int rows_per_warp = attention_simt_rows;
inline constexpr int block_n = 32;  // rows of the other side in shared memory at a time: one a lane
using Four = Vector<float, rows_per_warp>;

/// Copies 32 rows into shared memory as floats, `head_dim` + 1 apart; from `valid` on they are zero.
template <class T>
__device__ void stage_rows(float* to, const T* from, int64_t stride, int head_dim, int valid) {
  const int lane = static_cast<int>(threadIdx.x % 32), warps = static_cast<int>(blockDim.x / 32);
  for (int row = static_cast<int>(threadIdx.x / 32); row < block_n; row += warps)
    for (int column = lane; column < head_dim; column += 32)
      to[row * (head_dim + 1) + column] = row < valid ? load(from, row * stride + column) : 0.0f;
}

/// The warp copies its four rows into shared memory, the four elements of a column side by side.
template <class T>
__device__ void take_own(Four* to, const T* from, int64_t stride, int head_dim, int valid) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int column = lane; column < head_dim; column += 32)
    for (int r = 0; r < rows_per_warp; ++r)
      to[column].at[r] = r < valid ? load(from, r * stride + column) : 0.0f;
}

/// result[r] = own row r . this lane's row
__device__ __forceinline__ void dot_rows(float (&result)[rows_per_warp], const Four* own, const float* row,
                                         int head_dim) {
  for (int r = 0; r < rows_per_warp; ++r) result[r] = 0;
  for (int column = 0; column < head_dim; ++column) {
    const Four left = own[column];
    const float right = row[column];
#pragma unroll
    for (int r = 0; r < rows_per_warp; ++r) result[r] += left.at[r] * right;
  }
}

/// sum[r][j] += factors of row r . column lane + 32 j of the first `count` rows in shared memory
template <int Columns>
__device__ __forceinline__ void add_rows(float (&sum)[rows_per_warp][Columns], const Four* factors,
                                         const float* rows, int head_dim, int count) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int i = 0; i < count; ++i) {
    const Four factor = factors[i];
    const float* row = rows + i * (head_dim + 1);
#pragma unroll
    for (int j = 0; j < Columns; ++j) {
      const float value = lane + 32 * j < head_dim ? row[lane + 32 * j] : 0.0f;
#pragma unroll
      for (int r = 0; r < rows_per_warp; ++r) sum[r][j] += factor.at[r] * value;
    }
  }
}

template <class T, int Columns>
__device__ void put_rows(const float (&sum)[rows_per_warp][Columns], const float (&factor)[rows_per_warp],
                         T* to, int64_t stride, int head_dim, int valid, bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
  for (int j = 0; j < Columns; ++j)
#pragma unroll
    for (int r = 0; r < rows_per_warp; ++r)
      if (r < valid && lane + 32 * j < head_dim)
        store(to, r * stride + lane + 32 * j, sum[r][j] * factor[r], accumulate);
}

/// The block's shared memory: x and y, block_n rows each of the other side; a and b, each warp's own rows;
/// and what a warp multiplies rows of x (factors: P, or dS) and of y (dv_factors: P) by.
struct SharedStorage {
  float *x, *y;
  Four *a, *b, *factors, *dv_factors;

  __device__ SharedStorage(float* shared, int head_dim) {
    const int warps = static_cast<int>(blockDim.x / 32), warp = static_cast<int>(threadIdx.x / 32);
    auto* vectors = reinterpret_cast<Four*>(shared);
    a = vectors + warp * head_dim, b = vectors + (warps + warp) * head_dim;
    factors = vectors + 2 * warps * head_dim + warp * 2 * block_n, dv_factors = factors + block_n;
    x = reinterpret_cast<float*>(vectors + 2 * warps * (head_dim + block_n)),
    y = x + block_n * (head_dim + 1);
  }
  static size_t bytes(int warps, int head_dim) {
    return sizeof(Four) * static_cast<size_t>(2 * warps * (head_dim + block_n)) +
           sizeof(float) * static_cast<size_t>(2 * block_n * (head_dim + 1));
  }
};

/// Grid (B*heads, blocks of queries), four queries a warp.
template <class T, int Columns>
__global__ void forward(AttentionProblem<T> p) {
  T2UE_DYNAMIC_SHARED(float, shared);
  const SharedStorage room(shared, p.head_dim);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int block_rows = static_cast<int>(blockDim.x / 32) * rows_per_warp,
            block_first = static_cast<int>(blockIdx.y) * block_rows;
  const int first = block_first + warp * rows_per_warp, head_dim = p.head_dim;
  const int64_t stride = 3 * p.channels();
  const T* q = p.qkv + p.start(3);
  take_own(room.a, q + first * stride, stride, head_dim, p.tokens - first);

  const int reach = p.causal ? min(p.tokens, block_first + block_rows) : p.tokens;
  float acc_o[rows_per_warp][Columns] = {}, row_max[rows_per_warp], row_sum[rows_per_warp] = {};
  for (float& value : row_max) value = -INFINITY;
  for (int from = 0; from < reach; from += block_n) {
    T2UE_SYNC_BLOCK();
    stage_rows(room.x, q + p.channels() + from * stride, stride, head_dim, p.tokens - from);
    stage_rows(room.y, q + 2 * p.channels() + from * stride, stride, head_dim, p.tokens - from);
    T2UE_SYNC_BLOCK();
    float s[rows_per_warp];
    dot_rows(s, room.a, room.x + lane * (head_dim + 1), head_dim);
    Four probs;
#pragma unroll
    for (int r = 0; r < rows_per_warp; ++r) {
      const bool seen = from + lane < (p.causal ? min(p.tokens, first + r + 1) : p.tokens);
      s[r] = seen ? s[r] * p.scale : -INFINITY;
      const float new_max = fmaxf(row_max[r], warp_max(s[r]));
      const float rescale = expf(row_max[r] - new_max);
      probs.at[r] = expf(s[r] - new_max);  // a NaN that fmaxf passed over stays NaN here
      row_max[r] = new_max;
      row_sum[r] = row_sum[r] * rescale + probs.at[r];
#pragma unroll
      for (int j = 0; j < Columns; ++j) acc_o[r][j] *= rescale;
    }
    room.factors[lane] = probs;
    T2UE_SYNC_WARP();
    add_rows<Columns>(acc_o, room.factors, room.y, head_dim, min(block_n, reach - from));
  }
  float inverse[rows_per_warp];
#pragma unroll
  for (int r = 0; r < rows_per_warp; ++r) {
    const float all = warp_sum(row_sum[r]);
    inverse[r] = 1 / all;
    if (lane == 0 && first + r < p.tokens) p.lse[p.statistics() + first + r] = row_max[r] + logf(all);
  }
  put_rows<T, Columns>(acc_o, inverse, p.to + p.start(1) + first * p.channels(), p.channels(), head_dim,
                       p.tokens - first, false);
}

/// One side of the gradient, as attention_mma::one_side_grad: acc_dqk is dQ, or dK where keys are owned. Grid
/// (B*heads, blocks of rows), four rows a warp.
template <class T, int Columns, bool OwnKeys>
__global__ void one_side_grad(AttentionProblem<T> p) {
  T2UE_DYNAMIC_SHARED(float, shared);
  const SharedStorage room(shared, p.head_dim);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int block_rows = static_cast<int>(blockDim.x / 32) * rows_per_warp,
            block_first = static_cast<int>(blockIdx.y) * block_rows;
  const int first = block_first + warp * rows_per_warp, head_dim = p.head_dim, tokens = p.tokens;
  const int64_t channels = p.channels(), stride = 3 * channels;
  const T *qkv = p.qkv + p.start(3), *dout = p.dout + p.start(1);
  if constexpr (OwnKeys) {
    take_own(room.a, qkv + channels + first * stride, stride, head_dim, tokens - first);
    take_own(room.b, qkv + 2 * channels + first * stride, stride, head_dim, tokens - first);
  } else {
    take_own(room.a, qkv + first * stride, stride, head_dim, tokens - first);
    take_own(room.b, dout + first * channels, channels, head_dim, tokens - first);
  }
  float own_lse[rows_per_warp] = {}, own_delta[rows_per_warp] = {};
  if constexpr (!OwnKeys)
    for (int r = 0; r < rows_per_warp; ++r) {
      const int query = first + r;
      if (query >= tokens) break;
      const T* out = p.out + p.start(1) + query * channels;
      float sum = 0;
      for (int column = lane; column < head_dim; column += 32)
        sum += load(out, column) * load(dout, query * channels + column);
      own_delta[r] = warp_sum(sum);
      own_lse[r] = p.lse[p.statistics() + query];
      if (lane == 0) p.delta[p.statistics() + query] = own_delta[r];
    }

  const int begin = OwnKeys && p.causal ? block_first : 0;
  const int end = !OwnKeys && p.causal ? min(tokens, block_first + block_rows) : tokens;
  float acc_dqk[rows_per_warp][Columns] = {}, acc_dv[rows_per_warp][Columns] = {};
  for (int from = begin; from < end; from += block_n) {
    T2UE_SYNC_BLOCK();
    stage_rows(room.x, OwnKeys ? qkv + from * stride : qkv + channels + from * stride, stride, head_dim,
               tokens - from);
    stage_rows(room.y, OwnKeys ? dout + from * channels : qkv + 2 * channels + from * stride,
               OwnKeys ? channels : stride, head_dim, tokens - from);
    T2UE_SYNC_BLOCK();
    float s[rows_per_warp], dp[rows_per_warp];
    dot_rows(s, room.a, room.x + lane * (head_dim + 1), head_dim);
    dot_rows(dp, room.b, room.y + lane * (head_dim + 1), head_dim);
    const int other = from + lane;
    float lse = 0, delta = 0;
    if (OwnKeys && other < tokens)
      lse = p.lse[p.statistics() + other], delta = p.delta[p.statistics() + other];
    Four ds, probs;
#pragma unroll
    for (int r = 0; r < rows_per_warp; ++r) {
      const int query = OwnKeys ? other : first + r, key = OwnKeys ? first + r : other;
      const bool seen = query < tokens && key < (p.causal ? query + 1 : tokens);
      const float prob = expf(s[r] * p.scale - (OwnKeys ? lse : own_lse[r]));
      probs.at[r] = seen ? prob : 0.0f;
      ds.at[r] = seen ? prob * (dp[r] - (OwnKeys ? delta : own_delta[r])) : 0.0f;
    }
    room.factors[lane] = ds, room.dv_factors[lane] = probs;
    T2UE_SYNC_WARP();
    const int count = min(block_n, end - from);
    add_rows<Columns>(acc_dqk, room.factors, room.x, head_dim, count);
    if constexpr (OwnKeys) add_rows<Columns>(acc_dv, room.dv_factors, room.y, head_dim, count);
  }
  const float scales[rows_per_warp] = {p.scale, p.scale, p.scale, p.scale},
              ones[rows_per_warp] = {1, 1, 1, 1};
  T* to = p.to + p.start(3) + first * stride + (OwnKeys ? channels : 0);
  put_rows<T, Columns>(acc_dqk, scales, to, stride, head_dim, tokens - first, p.accumulate);
  if constexpr (OwnKeys)
    put_rows<T, Columns>(acc_dv, ones, to + channels, stride, head_dim, tokens - first, p.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE::attention_simt
