// From a plan's row to a method at work: what is trained for it, if anything, and what makes its noise.
#pragma once

#include <memory>

#include <t2ue/core/device.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/bench/protect.hpp>
#include <t2ue/eval/bench/store.hpp>
#include <t2ue/methods/noise_source.hpp>

namespace t2ue {

/// What a row may look at.
struct RowContext {
  const BenchData& data;
  const BenchPlan& plan;
  Device device;
  Precision precision;
  int eps_steps;  ///< 0: the method's own
  uint64_t seed;
  BenchStore& store;
  const BenchProgress& progress;
};

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
