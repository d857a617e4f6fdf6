// One update of a model's weights, after a look at its loss and gradient.
#pragma once

#include <cmath>
#include <functional>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/optim/optimizer.hpp>

namespace t2ue {

/// Two launch lists over one model: loss and gradients, and the update. Between them the loss is looked at,
/// so that a NaN stops the run before it reaches a weight.
class GuardedStep {
 public:
  /// `record_loss` records everything up to the loss; `record_after` what follows the update.
  GuardedStep(Optimizer& optimizer, const Compute& compute, const std::function<Var(Graph&)>& record_loss,
              const std::function<void(Graph&)>& record_after);
  GuardedStep(const GuardedStep&) = delete;
  GuardedStep& operator=(const GuardedStep&) = delete;

  /// One update at `rate`; returns the loss. `what` names the step in errors.
  float run(float rate, const std::string& what);
  const Step& compute() const { return loss_step_; }

 private:
  Optimizer& optimizer_;
  Tensor loss_;
  Step loss_step_, update_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/guarded_step.inl.hpp>
#endif
