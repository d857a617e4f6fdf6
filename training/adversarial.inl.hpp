#pragma once

#include <t2ue/training/adversarial.hpp>

namespace t2ue {

T2UE_INLINE Var attacked(const Var& pixels, const Var& attack, const PixelNorm& norm) {
  if (!attack) return pixels;
  PerturbOptions options;
  options.norm.std = norm.std;
  return add(pixels, cast(perturb({}, attack, options), pixels.dtype()));
}

T2UE_INLINE BatchAttack::BatchAttack(const Shape& shape, const AttackOptions& options,
                                     const std::function<Var(Graph&, const Var& attack)>& record_loss,
                                     const Compute& compute)
    : noise_(Tensor::zeros(shape, DType::f32, compute.device)),
      steps_(options.steps),
      clear_(
          [this](Graph& g) {
            g.launch(FillArgs{g.input(noise_), 0.0f});
          },
          compute),
      ascend_(
          [this, options, record_loss](Graph& g) {
            const NoGrad no_grad(g);
            const Var attack = g.input(noise_, true);
            g.backward(record_loss(g, attack));
            sign_step(g.input(noise_), {}, g.input(g.gradient(attack)), {}, options.step_size,
                      options.radius);
          },
          compute) {
  check(options.radius > 0.0f && options.radius <= 1.0f && options.step_size > 0.0f && options.steps >= 1,
        "attack", "wants a radius in (0,1] pixel units, a step above 0 and at least one step, got ",
        options.radius, ", ", options.step_size, " and ", options.steps);
}

T2UE_INLINE void BatchAttack::run() {
  clear_.run();
  for (int step = 0; step < steps_; ++step) ascend_.run();
}

}  // namespace t2ue
