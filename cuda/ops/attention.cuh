// Softmax attention: bf16 heads of the usual widths on tensor cores, everything else in fp32.
#pragma once

#include <t2ue/cuda/attention_mma.cuh>
#include <t2ue/cuda/attention_simt.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

void attention(const AttentionArgs& a, Stream stream) {
  if (a.qkv.elements() == 0) return;
  const int64_t heads = a.qkv.shape[0] * a.heads;
  const bool done = with_mma_head_dim(a.qkv, a.heads, {&a.out}, [&](auto head_dim) {
    auto p = attention_problem<bf16>(a.qkv, a.lse, a.heads, a.causal);
    p.to = a.out.as<bf16>();
    const AttentionMmaTiling t(p.tokens, head_dim, 1);
    launch("attention", attention_mma::forward<head_dim>, t.grid(heads), static_cast<unsigned>(32 * t.warps),
           t.shared_bytes, stream, p, t.stage);
  });
  if (done) return;
  with_type_of("attention", a.qkv, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    auto p = attention_problem<T>(a.qkv, a.lse, a.heads, a.causal);
    p.to = a.out.as<T>();
    const AttentionSimtTiling t(p.tokens, heads);
    launch("attention", p.head_dim <= 64 ? attention_simt::forward<T, 2> : attention_simt::forward<T, 8>,
           t.grid, static_cast<unsigned>(32 * t.warps),
           attention_simt::SharedStorage::bytes(t.warps, p.head_dim), stream, p);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
