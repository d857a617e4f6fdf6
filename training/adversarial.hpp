// Adversarial perturbations of a batch, by projected gradient ascent inside a training step (Madry et al.,
// 2018).
#pragma once

#include <functional>

#include <t2ue/core/config.hpp>
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
Var attacked(const Var& pixels, const Var& attack, const PixelNorm& norm);

/// The attack on one batch after the other. It starts at zero, so that it needs no random numbers and a run
/// goes on with the same bits.
class BatchAttack {
 public:
  /// Records, once, the loss that is to grow: a function of the graph and the attack [B,S,S,3]. Model
  /// parameters are constants in it. Error for a radius or step out of (0,1] or no steps.
  BatchAttack(const Shape& shape, const AttackOptions& options,
              const std::function<Var(Graph&, const Var& attack)>& record_loss, const Compute& compute = {});
  BatchAttack(const BatchAttack&) = delete;
  BatchAttack& operator=(const BatchAttack&) = delete;

  /// Attacks what the recorded loss reads now.
  void run();
  /// The attack, for adding to pictures: `attacked(pixels, g.input(attack.noise()), norm)`.
  const Tensor& noise() const { return noise_; }

 private:
  Tensor noise_;
  int steps_;
  Step clear_, ascend_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/adversarial.inl.hpp>
#endif
