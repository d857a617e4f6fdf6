// Batch normalisation with residual and activation.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/activation.hpp>

namespace t2ue {

/// activation(scale * normalised(x) + shift + residual); see BatchNormArgs. x [..,C]; scale, shift,
/// running_mean, running_var [C]. scale, shift and residual may be absent. Batch statistics if the graph is
/// training.
Var batch_norm(const Var& x, const Var& scale, const Var& shift, const Var& running_mean,
               const Var& running_var, Activation activation = Activation::none, const Var& residual = {},
               float eps = 1e-5f, float momentum = 0.1f);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/batch_norm.inl.hpp>
#endif
