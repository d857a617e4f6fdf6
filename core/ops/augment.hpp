// Augmentation: what victims do to pictures before looking at them, in one pass.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// Random crop, flip and translation, change of colours, (x - mean)/std, and cutout by (seed, counter,
/// position in the batch).  x [N,H,W,3], counter i32 [1]: the number of the step, so that every step draws
/// anew. Changed colours are clamped to [0,1]; what is cut out becomes 0, the mean picture. No gradient flows
/// where colours were clamped or cut out. Error for other shapes and for options out of range.
Var augment(const Var& x, const Var& counter, const AugmentOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/augment.inl.hpp>
#endif
