// From what a generator's network gives to a perturbation within its budget, at a picture's size.
#pragma once

#include <t2ue/core/fields.hpp>
#include <t2ue/core/ops/perturb.hpp>
#include <t2ue/core/ops/resize.hpp>

namespace t2ue {

/// How large noise may be, and how it gets to the size of a picture: the same for all generators.
struct NoiseBound {
  float eps = 8.0f / 255.0f;  ///< in [0,1] pixel units; "eps_steps" in JSON is in units of 1/255
  Limiter limiter = Limiter::tanh_scale;
  Resampler resampler = Resampler::bilinear;  ///< from the generator's size to the picture's

  void fields(FieldList& f) {
    f("limiter", limiter, "How noise is kept within its budget");
    f("eps_steps", eps, in_range(0, 127), "Budget in steps of 1/255").scaled_by(255);
    f("resampler", resampler,
      one_of(Resampler::nearest, Resampler::bilinear, Resampler::area, Resampler::tile),
      "From the generator's size to the picture's");
  }
};

/// `raw` [B,S,S,3], what a network gives, within the bound: |noise| <= eps in [0,1] pixel units.
inline Var bounded_noise(const Var& raw, const NoiseBound& bound) {
  PerturbOptions options;
  options.limiter = bound.limiter;
  options.eps = bound.eps;
  return perturb({}, raw, options);
}

/// The same at a picture's size, within eps too: Error if the resampler is bicubic.
inline Var bounded_noise(const Var& raw, const NoiseBound& bound, int64_t height, int64_t width) {
  check_noise_resampler("generator", bound.resampler);
  const Var own = bounded_noise(raw, bound);
  if (own.shape()[1] == height && own.shape()[2] == width) return own;
  return resize(own, height, width, bound.resampler);
}

}  // namespace t2ue
