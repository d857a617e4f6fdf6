// Layer normalisation, alone or fused with the residual sum before it.
#pragma once

#include <utility>

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/add.hpp>

namespace t2ue {

/// scale * (x - mean)/sqrt(var + eps) + shift over the last dimension.  x [..,C], scale, shift [C].
Var layer_norm(const Var& x, const Var& scale, const Var& shift, float eps = 1e-5f);

/// {sum = x + residual, layer_norm(sum)}: one pass over the residual stream of a transformer.
std::pair<Var, Var> add_layer_norm(const Var& x, const Var& residual, const Var& scale, const Var& shift,
                                   float eps = 1e-5f);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/layer_norm.inl.hpp>
#endif
