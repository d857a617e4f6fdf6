// word_patterns as a row of a benchmark: a dictionary of patterns trained bi-levelly, as T2UE's generator is.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/row_context.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

/// The options of the method "word_patterns" where it is trained.
struct WordPatternsRowOptions {
  int64_t words = 0;       ///< keywords, each with a pattern
  int64_t size = 0;        ///< side of a pattern
  int64_t coarseness = 1;  ///< pixels a side of what is a pixel in the textures that patterns start from
  ClipConfig clip;         ///< the surrogate
  BiLevelPolicy policy;
  TrainRecipe recipe;  ///< of the surrogate
  bool apart = false;  ///< trained on the plan's pictures set apart, not on those that it protects
};

/// Error for an unknown key, a value out of range, or a task without captions. Keys: "words", "size",
/// "coarseness", "surrogate" (a name or a table), "policy", "recipe", "trained_on" ("train" or "apart").
WordPatternsRowOptions word_patterns_row_options(const nlohmann::json& json, BenchTask task);

/// Trains the patterns, unless the store has them, and opens them.
BuiltRow build_word_patterns_row(const nlohmann::json& options, const RowContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/word_patterns_row.inl.hpp>
#endif
