// word_patterns as a method: its options, and a dictionary of patterns trained bi-levelly, as T2UE's
// generator is.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/methods/method_entry.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

/// The options of the method "word_patterns".
struct WordPatternsOptions {
  std::string patterns;    ///< a file that was trained
  int64_t words = 32;      ///< keywords, each with a pattern
  int64_t size = 8;        ///< side of a pattern
  int64_t coarseness = 1;  ///< pixels a side of what is a pixel in the textures that patterns start from
  ClipConfig clip;         ///< the surrogate
  BiLevelPolicy policy;
  TrainRecipe recipe;  ///< of the surrogate
  TrainedOn trained_on = TrainedOn::train;

  WordPatternsOptions();
  void fields(FieldList& f);
  /// Error for a coarseness above the size, and as check_word_patterns_policy().
  void validate() const;
};

/// The entry of "word_patterns".
MethodEntry word_patterns_method();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/word_patterns_method.inl.hpp>
#endif
