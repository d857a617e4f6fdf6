// The planner: turns a recorded graph into a flat list of launches over one arena.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <t2ue/core/arena.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

/// A graph made ready to run again and again: launches that nothing needs are dropped, every buffer has its
/// place. Where the backend captures, the third run records all launches into one unit, and from then on they
/// are replayed: the first two let kernels choose their ways and get their memory.
class Plan {
 public:
  explicit Plan(Graph&& graph);
  void run() const;
  size_t launches() const { return launches_.size(); }
  int64_t arena_bytes() const { return layout_.bytes; }
  const std::vector<BufferLife>& buffers() const { return buffers_; }
  const ArenaLayout& layout() const { return layout_; }

 private:
  void drop_dead_launches(const Graph& graph);
  void find_lives(const Graph& graph);
  void link(Graph& graph);
  void launch_all(const char* while_doing) const;

  const Backend& backend_;
  Device device_;
  bool tf32_;
  std::vector<std::unique_ptr<Launch>> launches_;
  std::vector<int32_t> buffer_of_value_;
  std::vector<BufferLife> buffers_;
  ArenaLayout layout_;
  Tensor arena_;
  std::vector<Tensor> kept_;  // inputs, parameters and outputs that launches point into
  mutable int runs_ = 0;
  mutable std::shared_ptr<void> captured_;
};

/// One repeatable step: `record` describes it by calling ops on the graph it is given.
/// planned: recorded once, then replayed; eager: recorded and run op by op every time. Both give the same
/// bits, and neither looks for NaN: find_non_finite() does.
class Step {
 public:
  using Recorder = std::function<void(Graph&)>;
  explicit Step(Recorder record, const Compute& compute = {})
      : Step(std::move(record), backend_of(compute.device), compute) {}
  Step(Recorder record, const Backend& backend, const Compute& compute = {});

  void run();
  /// Runs once more op by op with every result checked: throws Error naming the op and tensor that first held
  /// a NaN or infinity, and returns quietly if none does. State that the step updates is updated again.
  void find_non_finite();
  /// Null when eager.
  const Plan* plan() const { return plan_.get(); }

 private:
  Recorder record_;
  const Backend& backend_;
  Device device_;
  Precision precision_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/plan.inl.hpp>
#endif
