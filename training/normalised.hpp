// Normalised pictures, with noise if there is any, and without augmentation.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/perturb.hpp>
#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

/// 8-bit pictures [B,S,S,3] with noise [B,S,S,3] in pixel units, if there is any, by pixel_norm.
Var normalised(const Var& images, const Var& noise = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/normalised.inl.hpp>
#endif
