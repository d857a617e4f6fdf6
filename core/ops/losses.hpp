// The supervised loss, and the normalisation before the contrastive one (info_nce.hpp).
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/mixup.hpp>

namespace t2ue {

/// Rows of x [M,C] scaled to unit length, in f32.
Var l2_normalize(const Var& x);

/// Mean softmax cross-entropy.  logits [B,K], labels i32 [B] in 0..K-1; returns [1]. With a mixture, of
/// logits of mixed pictures: share*CE(labels[i]) + (1-share)*CE(labels[(i+shift) mod B]) in row i.
Var cross_entropy(const Var& logits, const Var& labels, const Mixture& mix = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/losses.inl.hpp>
#endif
