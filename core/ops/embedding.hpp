// Sequences of tokens: table lookup, prepending a class token, picking one token.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// table[ids[b,t]] + position[t].  ids i32 [B,T], table [V,C], position [T,C]; returns [B,T,C].
/// Ids outside 0..V-1 raise an Error when the step runs.
Var embedding(const Var& ids, const Var& table, const Var& position);

/// (token; x) + position.  x [N,T,C], token [C] or [N,C], position [T+1,C]; returns [N,T+1,C].
Var prepend_token(const Var& x, const Var& token, const Var& position);

/// x[b, index[b]], or x[b, 0] without an index.  x [B,T,C], index i32 [B]; returns [B,C].
Var gather_token(const Var& x, const Var& index = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/embedding.inl.hpp>
#endif
