// A surrogate-based method as a row of a benchmark: its noise is optimised on the training pictures.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/row_context.hpp>
#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// The options of such a row.
struct SurrogateRowOptions {
  SurrogatePreset preset;         ///< the method's for the unit, and what the plan has otherwise
  ClipConfig clip;                ///< image-text: the surrogate
  ClassifierConfig classifier;    ///< classes: the surrogate
  int64_t feature_width = 128;    ///< its outputs, where those are no classes
  bool publish_triggers = false;  ///< MEM: with its words in front of the captions, not the noise alone
};

/// Error for an unknown key, a value out of range, or a task that the method is not for. Keys: "unit",
/// "surrogate" (a name or a table), "policy", "recipe", "feature_width", "publish_triggers".
SurrogateRowOptions surrogate_row_options(const SurrogateMethod& method, const nlohmann::json& json,
                                          BenchTask task);

/// Optimises the noise, unless the store has it, and opens it.
BuiltRow build_surrogate_row(const SurrogateMethod& method, const nlohmann::json& options,
                             const RowContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/surrogate_row.inl.hpp>
#endif
