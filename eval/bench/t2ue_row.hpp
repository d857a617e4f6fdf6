// T2UE as a row of a benchmark: a generator trained on the training captions and pictures, bi-levelly or
// against a surrogate that is frozen.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/row_context.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

/// The options of the method "t2ue".
struct T2ueRowOptions {
  GeneratorConfig generator = generator_config("emoji");
  ClipConfig clip;              ///< image-text: the surrogate; its text tower reads the captions
  ClassifierConfig classifier;  ///< classes: the surrogate
  BiLevelPolicy policy;
  TrainRecipe recipe;     ///< of the surrogate
  int64_t keywords = 0;   ///< image-text: groups of captions that share a noise; 0: every caption its own
  int frozen_epochs = 0;  ///< above 0: the surrogate is trained so long on clean pictures, then frozen
  bool apart = false;     ///< trained on the plan's pictures set apart, not on those that it protects
};

/// Error for an unknown key or a value out of range. Keys: "generator", "surrogate" (both a name or a
/// table), "policy", "recipe", "keywords", "frozen_epochs", "trained_on" ("train" or "apart").
/// What is not given is as in the demo.
T2ueRowOptions t2ue_row_options(const nlohmann::json& json, BenchTask task);

/// Trains the generator, unless the store has it, and opens it.
BuiltRow build_t2ue_row(const nlohmann::json& options, const RowContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/t2ue_row.inl.hpp>
#endif
