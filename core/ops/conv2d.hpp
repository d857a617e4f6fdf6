// Two-dimensional convolution over [N,H,W,C].
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// x [N,H,W,C] with w [K,R,S,C] and b [K] (or absent); returns [N,P,Q,K], P = (H + 2*pad - R)/stride + 1.
Var conv2d(const Var& x, const Var& w, const Var& b = {}, int stride = 1, int pad = 0);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/conv2d.inl.hpp>
#endif
