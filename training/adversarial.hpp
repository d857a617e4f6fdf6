// Perturbations of a batch that make a loss as large as they can: projected gradient ascent inside a training
// step (Madry et al., 2018).
#pragma once

#include <functional>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>

namespace t2ue {

/// In [0,1] pixel units.
struct AttackOptions {
  float radius = 4.0f / 255.0f;  ///< of the L-infinity ball
  float step_size = 0.8f / 255.0f;
  int steps = 10;
};

/// Normalised pixels with an attack [B,S,S,3] (pixel units) on them, of the type that `pixels` has; as they
/// are if it is absent. `norm` is what they were normalised by. The sum is not cut at [0,1]: what a picture
/// passes it by is within the radius.
inline Var attacked(const Var& pixels, const Var& attack, const PixelNorm& norm) {
  if (!attack) return pixels;
  PerturbOptions options;
  options.norm.std = norm.std;
  return add(pixels, cast(perturb({}, attack, options), pixels.dtype()));
}

/// The attack on one batch after the other. It starts at zero, so that it needs no random numbers and a run
/// goes on with the same bits.
class BatchAttack {
 public:
  /// Records, once, the loss that is to grow: a function of the graph and the attack [B,S,S,3]. Model
  /// parameters are constants in it. Error for a radius or step out of (0,1] or no steps.
  BatchAttack(const Shape& shape, const AttackOptions& options,
              const std::function<Var(Graph&, const Var& attack)>& record_loss, const Compute& compute = {})
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
  BatchAttack(const BatchAttack&) = delete;
  BatchAttack& operator=(const BatchAttack&) = delete;

  /// Attacks what the recorded loss reads now.
  void run() {
    clear_.run();
    for (int step = 0; step < steps_; ++step) ascend_.run();
  }
  /// The attack, for adding to pictures: `attacked(pixels, g.input(attack.noise()), norm)`.
  const Tensor& noise() const { return noise_; }

 private:
  Tensor noise_;
  int steps_;
  Step clear_, ascend_;
};

}  // namespace t2ue
