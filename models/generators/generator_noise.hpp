// From what a generator's network gives to a perturbation within its budget, at a picture's size.
#pragma once

#include <t2ue/core/ops/perturb.hpp>
#include <t2ue/core/ops/resize.hpp>

namespace t2ue {

/// What `generator` gives for the two, bounded by its configuration's limiter: |noise| <= eps in [0,1] pixel
/// units, at the generator's size.
template <class Generator>
Var generated_noise(Generator& generator, const Var& condition, const Var& latent) {
  PerturbOptions options;
  options.limiter = generator.config.limiter;
  options.eps = generator.config.eps;
  return perturb({}, generator(condition, latent), options);
}

/// The same at a picture's size, within eps too: Error if the configuration says bicubic.
template <class Generator>
Var generated_noise(Generator& generator, const Var& condition, const Var& latent, int64_t height,
                    int64_t width) {
  check_noise_resampler("generator", generator.config.resampler);
  const Var own = generated_noise(generator, condition, latent);
  if (own.shape()[1] == height && own.shape()[2] == width) return own;
  return resize(own, height, width, generator.config.resampler);
}

}  // namespace t2ue
