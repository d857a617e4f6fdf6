// Adds a perturbation to pictures: limit, add, clamp, quantise and normalise.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// Options of `perturb`.
struct PerturbOptions {
  Limiter limiter = Limiter::none;
  float eps = 8.0f / 255.0f;  ///< in [0,1] pixel units
  bool quantise = false;      ///< whole steps of 1/255, straight-through gradient
  PixelNorm norm;
};

/// (clamp(image + limit(raw), 0, 1) - mean)/std in one pass; without a picture just limit(raw).
/// image [N,H,W,3] f32 in [0,1] or u8, raw [N,H,W,3]; either may be absent. With a picture the result has the
/// graph's type of activations, without one it is f32: steps of pixels are finer than bf16.
Var perturb(const Var& image, const Var& raw, const PerturbOptions& options = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/perturb.inl.hpp>
#endif
