// Sums and changes of type.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// x rounded or widened to `type`, f32 or bf16; x itself where that is its type.
Var cast(const Var& x, DType type);

namespace detail {
/// Adds alpha*dy to x's gradient.
void add_gradient(Graph& g, const View& dy, const Var& x, float alpha);
}  // namespace detail

/// alpha*a + beta*b, same shapes.
Var add(const Var& a, const Var& b, float alpha = 1.0f, float beta = 1.0f);

/// upsample(a) + gain*b: the generator's residual sum (nearest upsampling by `up`).
/// a [N,H/up,W/up,C], b [N,H,W,C], gain [1]; returns [N,H,W,C].
Var residual_scale(const Var& a, const Var& b, const Var& gain, int up = 1);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/add.inl.hpp>
#endif
