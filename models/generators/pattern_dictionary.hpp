// A generator that is a dictionary: one pattern for each word. An item's patterns are added up.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
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
  void fields(FieldList& f);
};

/// The sum of the words' patterns, each times the word's weight. Linear in the words before the tanh of the
/// bound, so that a caption which it was not trained on gets what its words got in others.
struct PatternDictionary {
  PatternDictionaryConfig config;
  Parameter patterns;  ///< [S*S*3, condition]

  explicit PatternDictionary(const PatternDictionaryConfig& c);

  /// [B,S,S,3] of weights [B,condition].
  Var operator()(const Var& weights, const Var&);
  std::vector<Parameter*> output_parameters() { return {&patterns}; }
  void visit(auto&& f) { f("patterns", patterns); }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/generators/pattern_dictionary.inl.hpp>
#endif
