#pragma once

#include <t2ue/models/generators/pattern_dictionary.hpp>

namespace t2ue {

T2UE_INLINE void PatternDictionaryConfig::fields(FieldList& f) {
  f("condition", condition, in_range(1, 65536), "Words, each with a pattern");
  f("size", size, in_range(1, 1024), "Side of a pattern");
}

T2UE_INLINE PatternDictionary::PatternDictionary(const PatternDictionaryConfig& c)
    : config(c), patterns({c.size * c.size * 3, c.condition}, Init::normal(1.0f)) {}

T2UE_INLINE Var PatternDictionary::operator()(const Var& weights, const Var&) {
  Graph& g = weights.graph();
  const Var sum = linear(cast(weights, g.activation_type()), g.parameter(patterns), {}, Activation::none);
  return sum.reshape({weights.shape()[0], config.size, config.size, 3});
}

}  // namespace t2ue
