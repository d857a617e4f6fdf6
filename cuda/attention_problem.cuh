// What attention kernels are given, and how their work is dealt out to blocks and warps.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// What attention kernels are given. Block x is one head of one sequence, x = batch * heads + head.
template <class T>
struct AttentionProblem {
  const T *qkv, *out, *dout;  ///< [B,T,3*C], [B,T,C], [B,T,C]
  T* to;                      ///< the output [B,T,C], or the gradient of qkv
  float *lse, *delta;         ///< [B,heads,T]: log-sum-exp; the row sums of dout * out
  int tokens, heads, head_dim;
  bool causal, accumulate;
  float scale;

  __device__ int64_t channels() const { return static_cast<int64_t>(heads) * head_dim; }
  /// Where this block's head starts in memory of `parts` * C columns a token.
  __device__ int64_t start(int parts) const {
    const int64_t batch = blockIdx.x / static_cast<unsigned>(heads),
                  head = blockIdx.x % static_cast<unsigned>(heads);
    return batch * tokens * parts * channels() + head * head_dim;
  }
  __device__ int64_t statistics() const { return static_cast<int64_t>(blockIdx.x) * tokens; }
};

inline constexpr int attention_mma_rows = 16;  ///< rows of a warp in attention_mma
inline constexpr int attention_simt_rows = 4;  ///< rows of a warp in attention_simt

/// Shared memory that a block may use: two blocks then fit an H100, one any GPU since 2020.
inline constexpr int64_t attention_shared_bytes = 96 * 1024;

/// What both directions have in common, from qkv [B,T,3C].
template <class T>
AttentionProblem<T> attention_problem(const View& qkv, const View& lse, int heads, bool causal) {
  const int64_t head_dim = qkv.shape[2] / 3 / heads;
  check(head_dim <= 256, "attention", "the CUDA kernels take heads of up to 256 columns, got ", head_dim,
        " (", heads, " heads); use more heads");
  check(qkv.shape[1] <= 1 << 20, "attention", "the CUDA kernels take sequences of up to 2^20 tokens, got ",
        qkv.shape);
  AttentionProblem<T> p{};
  p.qkv = qkv.as<T>();
  p.lse = lse.f32();
  p.tokens = static_cast<int>(qkv.shape[1]);
  p.heads = heads;
  p.head_dim = static_cast<int>(head_dim);
  p.causal = causal;
  p.scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
  return p;
}

/// Calls f with std::integral_constant of the head head_dim if tensor cores can do it, and says whether they
/// can. rest: what else is read and written 16 bytes at a time.
template <class F>
bool with_mma_head_dim(const View& qkv, int heads, std::initializer_list<const View*> rest, F&& f) {
  const auto aligned = [](const View& view) { return reinterpret_cast<uintptr_t>(view.data) % 16 == 0; };
  if (qkv.dtype != DType::bf16 || !aligned(qkv)) return false;
  for (const View* view : rest)
    if (!aligned(*view)) return false;
  switch (qkv.shape[2] / 3 / heads) {
    case 32:
      return f(std::integral_constant<int, 32>{}), true;
    case 64:
      return f(std::integral_constant<int, 64>{}), true;
    case 80:
      return f(std::integral_constant<int, 80>{}), true;
    case 128:
      return f(std::integral_constant<int, 128>{}), true;
    default:
      return false;
  }
}

/// How `tokens` rows are dealt out to warps of 16 and to blocks, and how many rows of the other side pass
/// through shared memory at a time. own_arrays: how many arrays of rows the block itself keeps there.
struct AttentionMmaTiling {
  int warps, blocks, stage;
  size_t shared_bytes;

  AttentionMmaTiling(int tokens, int head_dim, int own_arrays) {
    constexpr int tile = attention_mma_rows;
    const int tiles = (tokens + tile - 1) / tile, most = head_dim > 80 && own_arrays > 1 ? 4 : 8;
    blocks = (tiles + most - 1) / most;
    warps = (tiles + blocks - 1) / blocks;
    const int64_t row = (head_dim + 8) * 2, own = own_arrays * warps * tile * row, other = 2 * row + 8;
    const int64_t fits = (attention_shared_bytes - own - 8 * warps * tile) / other / 64 * 64;
    stage = static_cast<int>(std::min<int64_t>(fits, tiles * tile));
    shared_bytes = static_cast<size_t>(own + stage * other + 8 * warps * tile);
  }
  dim3 grid(int64_t heads) const { return {static_cast<unsigned>(heads), static_cast<unsigned>(blocks)}; }
};

/// The grid and block of the kernels in attention_simt.
struct AttentionSimtTiling {
  int warps;
  dim3 grid;

  AttentionSimtTiling(int tokens, int64_t heads) {
    warps = std::clamp((tokens + attention_simt_rows - 1) / attention_simt_rows, 1, 8);
    grid = {static_cast<unsigned>(heads), blocks_for(tokens, warps * attention_simt_rows)};
  }
};

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
