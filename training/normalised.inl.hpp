#pragma once

#include <t2ue/training/normalised.hpp>

namespace t2ue {

T2UE_INLINE Var normalised(const Var& images, const Var& noise) {
  PerturbOptions options;
  options.norm = pixel_norm;
  return perturb(images, noise, options);
}

}  // namespace t2ue
