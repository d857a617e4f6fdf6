// Multi-head softmax attention over packed projections.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// qkv [B,T,3*C] (queries, keys, values; heads side by side) -> [B,T,C], scaled by 1/sqrt(C/heads).
/// causal: a position sees itself and those before it.
Var attention(const Var& qkv, int heads, bool causal);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/attention.inl.hpp>
#endif
