// What a plan's method is built from in one cell.
#pragma once

#include <t2ue/core/compute.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/bench/protect.hpp>
#include <t2ue/eval/bench/store.hpp>

namespace t2ue {

struct BenchContext {
  const BenchData& data;
  const BenchPlan& plan;
  Compute compute;
  int eps_steps;  ///< 0: the method's own
  uint64_t seed;
  BenchStore& store;
  const BenchProgress& progress;
  double checkpoint_seconds = 600;  ///< what trains longer writes its state this often, and goes on from it
};

}  // namespace t2ue
