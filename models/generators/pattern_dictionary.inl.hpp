#pragma once

#include <t2ue/models/generators/pattern_dictionary.hpp>

namespace t2ue {

T2UE_INLINE PatternDictionary::PatternDictionary(const Config& c)
    : config(c), patterns({c.size * c.size * 3, c.condition}, Init::normal(1.0f)) {}

T2UE_INLINE Var PatternDictionary::operator()(const Var& weights, const Var&) {
  Graph& g = weights.graph();
  const Var sum = linear(cast(weights, g.activation_type()), g.parameter(patterns), {}, Activation::none);
  return sum.reshape({weights.shape()[0], config.size, config.size, 3});
}

T2UE_INLINE Var PatternDictionary::noise(const Var& weights, const Var& latent, int64_t height,
                                         int64_t width) {
  return generated_noise(*this, weights, latent, height, width);
}

}  // namespace t2ue
