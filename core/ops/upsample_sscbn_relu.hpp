// The generator's semantic-spatial conditional batch norm, fused with what stands around it.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// relu((1 + m*gamma) * normalised(upsample(x)) + m*beta), see UpsampleSscbnReluArgs.
/// x [N,h,w,C], gamma, beta [N,C], mask [N,h*up,w*up,1], running_mean, running_var [C]; returns
/// [N,h*up,w*up,C].
Var upsample_sscbn_relu(const Var& x, const Var& gamma, const Var& beta, const Var& mask,
                        const Var& running_mean, const Var& running_var, int up = 1, float eps = 1e-5f,
                        float momentum = 0.1f);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/upsample_sscbn_relu.inl.hpp>
#endif
