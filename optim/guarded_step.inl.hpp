#pragma once

#include <t2ue/optim/guarded_step.hpp>

namespace t2ue {

T2UE_INLINE GuardedStep::GuardedStep(Optimizer& optimizer, const Compute& compute,
                                     const std::function<Var(Graph&)>& record_loss,
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

T2UE_INLINE float GuardedStep::run(float rate, const std::string& what) {
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

}  // namespace t2ue
