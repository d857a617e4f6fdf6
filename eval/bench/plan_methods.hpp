// From a plan's method to one at work: what is trained for it, if anything, and what makes its noise. Methods
// are the registry's (methods/registry.hpp): nothing here knows one by name.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/bench_context.hpp>

namespace t2ue {

/// Whether the benchmark trains the method; with the option that names a trained file, the plan brings one.
bool is_trained(const PlanMethod& method);

/// Throws Error unless the method is known, its options are, the task has what it needs to see, and the
/// plan's defences can be put up against it.
void check_plan_method(const PlanMethod& method, const BenchPlan& plan);

/// The method, trained if it needs to be. What another method of the plan, or an earlier run, trained in the
/// same way is taken from the store's folder.
BuiltMethod build_method(const PlanMethod& method, const BenchContext& context);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/plan_methods.inl.hpp>
#endif
