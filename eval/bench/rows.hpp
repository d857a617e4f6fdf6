// From a plan's row to a method at work: what is trained for it, if anything, and what makes its noise.
#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/row_context.hpp>

namespace t2ue {

/// Whether the row trains its generator here; with the option "generator_file" it brings one.
inline bool trains_t2ue(const PlanMethod& row) {
  return row.method == "t2ue" && !row.options.contains("generator_file");
}

/// Whether the plan has the row's patterns of words trained.
inline bool trains_word_patterns(const PlanMethod& row) {
  return row.method == "word_patterns" && !row.options.contains("patterns");
}

/// Throws Error unless the row's method is known, its options are, the task has what it needs to see, and the
/// plan's defences can be put up against it.
void check_row(const PlanMethod& row, const BenchPlan& plan);

/// The row's method, trained if it needs to be. A generator or surrogate that another row, or an earlier
/// run, trained in the same way is taken from the store's folder.
BuiltRow build_row(const PlanMethod& row, const RowContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/rows.inl.hpp>
#endif
