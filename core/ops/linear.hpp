// Matrix product with bias and activation.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/activation.hpp>

namespace t2ue {

/// activation(x w^T + b).  x [..,K], w [N,K], b [N] or absent; returns [..,N].
Var linear(const Var& x, const Var& w, const Var& b = {}, Activation activation = Activation::none);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/linear.inl.hpp>
#endif
