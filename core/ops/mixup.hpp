// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// How a batch of N is mixed: item n keeps `share` of itself and gets the rest from item (n + shift) mod N.
/// share f32 [1] in [0,1], shift i32 [1], any whole number; both are read anew at every run. A shift that is
/// no multiple of N gives everybody another partner, and nobody the same. With a box i32 [4] = {top, bottom,
/// left, right} pixels are cut and not blended: rows [top, bottom) x columns [left, right) come from the
/// partner, and share, the part of the area outside, mixes the labels only.
struct Mixture {
  Var share, shift, box = {};
};

/// Error naming `where` for a mixture of other shapes or types, or one that is trained.
void check_mixture(const char* where, const Mixture& mix);

/// share*x[n] + (1-share)*x[(n+shift) mod N] (Zhang et al., "mixup", 2018) for x [N,..]. The labels are mixed
/// by giving `cross_entropy` the same mixture. With a box: CutMix (Yun et al., 2019) for x [N,H,W,C].
Var mixup(const Var& x, const Mixture& mix);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/mixup.inl.hpp>
#endif
