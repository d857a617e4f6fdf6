// One update of a model's weights, after a look at its loss and gradient.
#pragma once

#include <cmath>
#include <functional>
#include <string>

#include <t2ue/core/plan.hpp>
#include <t2ue/optim/optimizer.hpp>

namespace t2ue {

/// Two launch lists over one model: loss and gradients, and the update. Between them the loss is looked at,
/// so that a NaN stops the run before it reaches a weight.
class GuardedStep {
 public:
  /// `record_loss` records everything up to the loss; `record_after` what follows the update.
  GuardedStep(Optimizer& optimizer, const Compute& compute, const std::function<Var(Graph&)>& record_loss,
              const std::function<void(Graph&)>& record_after)
      : optimizer_(optimizer),
        loss_step_(
            [this, record_loss](Graph& g) {
              const Var loss = record_loss(g);
              g.backward(loss);
              optimizer_.record_norm(g);
              loss_ = g.output(loss);
            },
            compute),
        update_(
            [this, record_after](Graph& g) {
              optimizer_.record_update(g);
              record_after(g);
            },
            compute) {}
  GuardedStep(const GuardedStep&) = delete;
  GuardedStep& operator=(const GuardedStep&) = delete;

  /// One update at `rate`; returns the loss. `what` names the step in errors.
  float run(float rate, const std::string& what) {
    loss_step_.run();
    const float loss = loss_.item(), norm = optimizer_.gradient_norm();
    if (!std::isfinite(loss) || !std::isfinite(norm)) {
      try {
        loss_step_.find_non_finite();
      } catch (const Error& error) {
        fail(what, "the loss is ", loss, " and the gradient's norm ", norm, ": ", error.what(),
             "; the weights were not changed; lower the rate or look at the data");
      }
      fail(what, "the loss is ", loss, " and the gradient's norm ", norm, "; the weights were not changed");
    }
    optimizer_.prepare(rate);
    update_.run();
    return loss;
  }
  const Step& compute() const { return loss_step_; }

 private:
  Optimizer& optimizer_;
  Tensor loss_;
  Step loss_step_, update_;
};

}  // namespace t2ue
