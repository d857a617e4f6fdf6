// Resizing maps.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// sigmoid of the bilinear upsampling (aligned corners) of mask logits.  x [N,h,w,1]; returns
/// [N,height,width,1].
Var mask_sigmoid(const Var& x, int64_t height, int64_t width);

/// x [N,h,w,C] resampled to [N,height,width,C].
Var resize(const Var& x, int64_t height, int64_t width, Resampler resampler);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/resize.inl.hpp>
#endif
