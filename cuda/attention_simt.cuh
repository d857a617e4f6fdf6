// Softmax attention in fp32 for heads of any width up to 256 and any element type: a warp owns four rows of a
// head, its lanes are the rows of the other side while scores are made, and the head's columns while rows are
// summed.
#pragma once

#include <t2ue/cuda/attention_problem.cuh>
#include <t2ue/cuda/reduce.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE::attention_simt {

inline constexpr int own_rows = attention_own_rows;
inline constexpr int staged = 32;  // rows of the other side at a time, one a lane
using Four = Vector<float, own_rows>;

/// Copies 32 rows into shared memory as floats, `width` + 1 apart; from `valid` on they are zero.
template <class T>
__device__ void stage_rows(float* to, const T* from, int64_t stride, int width, int valid) {
  const int lane = static_cast<int>(threadIdx.x % 32), warps = static_cast<int>(blockDim.x / 32);
  for (int row = static_cast<int>(threadIdx.x / 32); row < staged; row += warps)
    for (int column = lane; column < width; column += 32)
      to[row * (width + 1) + column] = row < valid ? load(from, row * stride + column) : 0.0f;
}

/// The warp copies its four rows into shared memory, the four elements of a column side by side.
template <class T>
__device__ void take_own(Four* to, const T* from, int64_t stride, int width, int valid) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int column = lane; column < width; column += 32)
    for (int r = 0; r < own_rows; ++r) to[column].at[r] = r < valid ? load(from, r * stride + column) : 0.0f;
}

/// result[r] = own row r . this lane's row
__device__ __forceinline__ void dot_rows(float (&result)[own_rows], const Four* own, const float* row,
                                         int width) {
  for (int r = 0; r < own_rows; ++r) result[r] = 0;
  for (int column = 0; column < width; ++column) {
    const Four left = own[column];
    const float right = row[column];
#pragma unroll
    for (int r = 0; r < own_rows; ++r) result[r] += left.at[r] * right;
  }
}

/// sum[r][j] += weights of row r . column lane + 32 j of the staged rows, `count` of them
template <int Columns>
__device__ __forceinline__ void add_rows(float (&sum)[own_rows][Columns], const Four* weights,
                                         const float* rows, int width, int count) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int i = 0; i < count; ++i) {
    const Four weight = weights[i];
    const float* row = rows + i * (width + 1);
#pragma unroll
    for (int j = 0; j < Columns; ++j) {
      const float value = lane + 32 * j < width ? row[lane + 32 * j] : 0.0f;
#pragma unroll
      for (int r = 0; r < own_rows; ++r) sum[r][j] += weight.at[r] * value;
    }
  }
}

template <class T, int Columns>
__device__ void put_rows(const float (&sum)[own_rows][Columns], const float (&factor)[own_rows], T* to,
                         int64_t stride, int width, int valid, bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
  for (int j = 0; j < Columns; ++j)
#pragma unroll
    for (int r = 0; r < own_rows; ++r)
      if (r < valid && lane + 32 * j < width)
        store(to, r * stride + lane + 32 * j, sum[r][j] * factor[r], accumulate);
}

/// The block's shared memory: staged rows, what each warp owns, and its weights.
struct Room {
  float *x, *y;
  Four *a, *b, *first_weights, *second_weights;

  __device__ Room(float* shared, int width) {
    const int warps = static_cast<int>(blockDim.x / 32), warp = static_cast<int>(threadIdx.x / 32);
    auto* vectors = reinterpret_cast<Four*>(shared);
    a = vectors + warp * width, b = vectors + (warps + warp) * width;
    first_weights = vectors + 2 * warps * width + warp * 2 * staged, second_weights = first_weights + staged;
    x = reinterpret_cast<float*>(vectors + 2 * warps * (width + staged)), y = x + staged * (width + 1);
  }
  static size_t bytes(int warps, int width) {
    return sizeof(Four) * static_cast<size_t>(2 * warps * (width + staged)) +
           sizeof(float) * static_cast<size_t>(2 * staged * (width + 1));
  }
};

/// Grid (B*heads, blocks of queries), four queries a warp.
template <class T, int Columns>
__global__ void forward(AttentionProblem<T> p) {
  T2UE_DYNAMIC_SHARED(float, shared);
  const Room room(shared, p.width);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int block_rows = static_cast<int>(blockDim.x / 32) * own_rows,
            block_first = static_cast<int>(blockIdx.y) * block_rows;
  const int first = block_first + warp * own_rows, width = p.width;
  const int64_t stride = 3 * p.channels();
  const T* q = p.qkv + p.start(3);
  take_own(room.a, q + first * stride, stride, width, p.tokens - first);

  const int reach = p.causal ? min(p.tokens, block_first + block_rows) : p.tokens;
  float sum[own_rows][Columns] = {}, highest[own_rows], total[own_rows] = {};
  for (float& value : highest) value = -INFINITY;
  for (int from = 0; from < reach; from += staged) {
    T2UE_SYNC_BLOCK();
    stage_rows(room.x, q + p.channels() + from * stride, stride, width, p.tokens - from);
    stage_rows(room.y, q + 2 * p.channels() + from * stride, stride, width, p.tokens - from);
    T2UE_SYNC_BLOCK();
    float s[own_rows];
    dot_rows(s, room.a, room.x + lane * (width + 1), width);
    Four weights;
#pragma unroll
    for (int r = 0; r < own_rows; ++r) {
      const bool seen = from + lane < (p.causal ? min(p.tokens, first + r + 1) : p.tokens);
      s[r] = seen ? s[r] * p.scale : -INFINITY;
      const float most = fmaxf(highest[r], warp_max(s[r]));
      const float shrink = expf(highest[r] - most);
      weights.at[r] = expf(s[r] - most);  // a NaN that fmaxf passed over stays NaN here
      highest[r] = most;
      total[r] = total[r] * shrink + weights.at[r];
#pragma unroll
      for (int j = 0; j < Columns; ++j) sum[r][j] *= shrink;
    }
    room.first_weights[lane] = weights;
    T2UE_SYNC_WARP();
    add_rows<Columns>(sum, room.first_weights, room.y, width, min(staged, reach - from));
  }
  float inverse[own_rows];
#pragma unroll
  for (int r = 0; r < own_rows; ++r) {
    const float all = warp_sum(total[r]);
    inverse[r] = 1 / all;
    if (lane == 0 && first + r < p.tokens) p.lse[p.statistics() + first + r] = highest[r] + logf(all);
  }
  put_rows<T, Columns>(sum, inverse, p.to + p.start(1) + first * p.channels(), p.channels(), width,
                       p.tokens - first, false);
}

/// One side of the gradient, as attention_mma::one_side_grad. Grid (B*heads, blocks of rows), four rows a
/// warp.
template <class T, int Columns, bool OwnKeys>
__global__ void one_side_grad(AttentionProblem<T> p) {
  T2UE_DYNAMIC_SHARED(float, shared);
  const Room room(shared, p.width);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int block_rows = static_cast<int>(blockDim.x / 32) * own_rows,
            block_first = static_cast<int>(blockIdx.y) * block_rows;
  const int first = block_first + warp * own_rows, width = p.width, tokens = p.tokens;
  const int64_t channels = p.channels(), stride = 3 * channels;
  const T *qkv = p.qkv + p.start(3), *dout = p.dout + p.start(1);
  if constexpr (OwnKeys) {
    take_own(room.a, qkv + channels + first * stride, stride, width, tokens - first);
    take_own(room.b, qkv + 2 * channels + first * stride, stride, width, tokens - first);
  } else {
    take_own(room.a, qkv + first * stride, stride, width, tokens - first);
    take_own(room.b, dout + first * channels, channels, width, tokens - first);
  }
  float own_lse[own_rows] = {}, own_along[own_rows] = {};
  if constexpr (!OwnKeys)
    for (int r = 0; r < own_rows; ++r) {
      const int query = first + r;
      if (query >= tokens) break;
      const T* out = p.out + p.start(1) + query * channels;
      float sum = 0;
      for (int column = lane; column < width; column += 32)
        sum += load(out, column) * load(dout, query * channels + column);
      own_along[r] = warp_sum(sum);
      own_lse[r] = p.lse[p.statistics() + query];
      if (lane == 0) p.along[p.statistics() + query] = own_along[r];
    }

  const int begin = OwnKeys && p.causal ? block_first : 0;
  const int end = !OwnKeys && p.causal ? min(tokens, block_first + block_rows) : tokens;
  float towards_x[own_rows][Columns] = {}, towards_y[own_rows][Columns] = {};
  for (int from = begin; from < end; from += staged) {
    T2UE_SYNC_BLOCK();
    stage_rows(room.x, OwnKeys ? qkv + from * stride : qkv + channels + from * stride, stride, width,
               tokens - from);
    stage_rows(room.y, OwnKeys ? dout + from * channels : qkv + 2 * channels + from * stride,
               OwnKeys ? channels : stride, width, tokens - from);
    T2UE_SYNC_BLOCK();
    float s[own_rows], dweight[own_rows];
    dot_rows(s, room.a, room.x + lane * (width + 1), width);
    dot_rows(dweight, room.b, room.y + lane * (width + 1), width);
    const int other = from + lane;
    float lse = 0, along = 0;
    if (OwnKeys && other < tokens)
      lse = p.lse[p.statistics() + other], along = p.along[p.statistics() + other];
    Four dscores, weights;
#pragma unroll
    for (int r = 0; r < own_rows; ++r) {
      const int query = OwnKeys ? other : first + r, key = OwnKeys ? first + r : other;
      const bool seen = query < tokens && key < (p.causal ? query + 1 : tokens);
      const float weight = expf(s[r] * p.scale - (OwnKeys ? lse : own_lse[r]));
      weights.at[r] = seen ? weight : 0.0f;
      dscores.at[r] = seen ? weight * (dweight[r] - (OwnKeys ? along : own_along[r])) : 0.0f;
    }
    room.first_weights[lane] = dscores, room.second_weights[lane] = weights;
    T2UE_SYNC_WARP();
    const int count = min(staged, end - from);
    add_rows<Columns>(towards_x, room.first_weights, room.x, width, count);
    if constexpr (OwnKeys) add_rows<Columns>(towards_y, room.second_weights, room.y, width, count);
  }
  const float scales[own_rows] = {p.scale, p.scale, p.scale, p.scale}, ones[own_rows] = {1, 1, 1, 1};
  T* to = p.to + p.start(3) + first * stride + (OwnKeys ? channels : 0);
  put_rows<T, Columns>(towards_x, scales, to, stride, width, tokens - first, p.accumulate);
  if constexpr (OwnKeys)
    put_rows<T, Columns>(towards_y, ones, to + channels, stride, width, tokens - first, p.accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE::attention_simt
