// The gradient of softmax attention, apart from attention.cuh so that both compile at once.
#pragma once

#include <t2ue/cuda/attention_mma_grad.cuh>
#include <t2ue/cuda/attention_simt.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

template <int HeadDim>
void tensor_core_grad(const AttentionProblem<bf16>& p, int64_t heads, Stream stream) {
  namespace kernels = attention_mma;
  const int tiles = (p.tokens + kernels::tile - 1) / kernels::tile, rows = tiles * kernels::tile;
  const auto whole_bytes = static_cast<size_t>(rows) * (5 * 2 * (HeadDim + 8) + 8);
  if (tiles <= 8 && whole_bytes <= attention_shared_bytes)
    return launch("attention_grad", kernels::whole_head_grad<HeadDim>, static_cast<unsigned>(heads),
                  static_cast<unsigned>(32 * tiles), whole_bytes, stream, p);
  const AttentionMmaTiling t(p.tokens, HeadDim, 2);
  const auto threads = static_cast<unsigned>(32 * t.warps);
  launch("attention_grad (queries)", kernels::one_side_grad<HeadDim, false>, t.grid(heads), threads,
         t.shared_bytes, stream, p, t.stage);
  launch("attention_grad (keys)", kernels::one_side_grad<HeadDim, true>, t.grid(heads), threads,
         t.shared_bytes, stream, p, t.stage);
}

template <class T, int Columns>
void rows_grad(const AttentionProblem<T>& p, int64_t heads, Stream stream) {
  const AttentionSimtTiling t(p.tokens, heads);
  const auto threads = static_cast<unsigned>(32 * t.warps);
  const size_t bytes = attention_simt::SharedStorage::bytes(t.warps, p.head_dim);
  launch("attention_grad (queries)", attention_simt::one_side_grad<T, Columns, false>, t.grid, threads, bytes,
         stream, p);
  launch("attention_grad (keys)", attention_simt::one_side_grad<T, Columns, true>, t.grid, threads, bytes,
         stream, p);
}

}  // namespace

void attention_grad(const AttentionGradArgs& a, Stream stream) {
  if (!a.dqkv || a.qkv.elements() == 0) return;
  const int64_t heads = a.qkv.shape[0] * a.heads;
  const auto problem = [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    auto p = attention_problem<T>(a.qkv, a.lse, a.heads, a.causal);
    p.out = a.out.as<T>(), p.dout = a.dout.as<T>(), p.to = a.dqkv.as<T>();
    p.accumulate = a.dqkv.accumulate;
    p.delta =
        static_cast<float*>(scratch(static_cast<size_t>(heads * a.qkv.shape[1]) * sizeof(float), stream));
    return p;
  };
  const bool done = with_mma_head_dim(a.qkv, a.heads, {&a.out, &a.dout, &a.dqkv}, [&](auto head_dim) {
    tensor_core_grad<head_dim>(problem(static_cast<bf16*>(nullptr)), heads, stream);
  });
  if (done) return;
  with_type_of("attention_grad", a.qkv, [&](auto* type) {
    const auto p = problem(type);
    using T = std::remove_pointer_t<decltype(type)>;
    if constexpr (std::is_same_v<T, float>)  // bf16 of these widths is rare: one kernel less to compile
      if (p.head_dim <= 64) return rows_grad<T, 2>(p, heads, stream);
    rows_grad<T, 8>(p, heads, stream);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
