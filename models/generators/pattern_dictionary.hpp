// A generator that is a dictionary: one pattern for each word. An item's patterns are added up.
#pragma once

#include <vector>

#include <t2ue/core/fields.hpp>
#include <t2ue/models/layers.hpp>

namespace t2ue {

struct PatternDictionary;

struct PatternDictionaryConfig {
  using Network = PatternDictionary;
  static constexpr std::string_view architecture = "patterns";

  int64_t condition = 33;  ///< words, each with a pattern
  int64_t size = 8;        ///< side of a pattern

  Shape latent_shape() const { return {}; }
  int64_t output_size() const { return size; }
  void fields(FieldList& f) {
    f("condition", condition, in_range(1, 65536), "Words, each with a pattern");
    f("size", size, in_range(1, 1024), "Side of a pattern");
  }
};

/// The sum of the words' patterns, each times the word's weight. Linear in the words before the tanh of the
/// bound, so that a caption which it was not trained on gets what its words got in others.
struct PatternDictionary {
  PatternDictionaryConfig config;
  Parameter patterns;  ///< [S*S*3, condition]

  explicit PatternDictionary(const PatternDictionaryConfig& c)
      : config(c), patterns({c.size * c.size * 3, c.condition}, Init::normal(1.0f)) {}

  /// [B,S,S,3] of weights [B,condition].
  Var operator()(const Var& weights, const Var&) {
    Graph& g = weights.graph();
    const Var sum = linear(cast(weights, g.activation_type()), g.parameter(patterns), {}, Activation::none);
    return sum.reshape({weights.shape()[0], config.size, config.size, 3});
  }
  std::vector<Parameter*> output_parameters() { return {&patterns}; }
  void visit(auto&& f) { f("patterns", patterns); }
};

}  // namespace t2ue
