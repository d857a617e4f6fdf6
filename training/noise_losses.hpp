// The losses of a NoiseTrainer: one for the steps of the noise, one for its surrogate.
#pragma once

#include <cmath>

#include <t2ue/core/config.hpp>
#include <t2ue/training/adversarial.hpp>
#include <t2ue/training/cluster_targets.hpp>
#include <t2ue/training/noise_batch.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// What a model says of pictures, before any loss: CLIP's unit image features, a classifier's outputs, f32.
Var picture_outputs(Clip& model, const Var& pixels);
template <class Model>
Var picture_outputs(Model& model, const Var& pixels) {
  return cast(model(pixels), DType::f32);
}

/// Records losses of a surrogate on the pictures of `batch`, which must both outlive it.
template <class Model>
class NoiseLosses {
 public:
  static constexpr bool learns_captions = std::is_same_v<Model, Clip>;

  NoiseLosses(Model& model, const NoiseBatch& batch, const NoiseTablePolicy& policy,
              const TrainRecipe& recipe, int64_t classes, Device device)
      : model_(model),
        batch_(batch),
        policy_(policy),
        recipe_(recipe),
        classes_(classes),
        log_scale_(Tensor::of(std::vector<float>{-std::log(policy.temperature)}, {1}, device)) {}

  /// The loss that the noise's steps are on. noise and attack [B,S,S,3] in pixel units; attack may be absent.
  Var of_noise(Graph& g, const Var& noise, const Var& attack) {
    if (policy_.separability == 0) return objective(g, noise, attack);
    const int64_t places = noise.shape()[0];
    const Var apart = class_separability(noise.reshape({places, noise.shape().elements() / places}),
                                         g.input(batch_.classes()), classes_);
    const Var other = policy_.objective_weight > 0 ? objective(g, noise, attack) : apart;
    return add(apart, other, policy_.separability, policy_.objective_weight);
  }
  /// The loss that the surrogate trains on; noise may be absent, too. What UC clusters is learned without
  /// labels.
  Var of_surrogate(Graph& g, const Var& noise, const Var& attack) {
    const bool contrasts = policy_.objective == NoiseObjective::contrastive ||
                           (policy_.objective == NoiseObjective::clusters && !learns_captions);
    const AugmentOptions view = recipe_.augmentation(pixel_norm);
    if (contrasts) return contrastive(g, noise, view);
    return training_loss(model_, pixels(g, noise, view, attack), batch_.tensors(), false);
  }
  /// What the surrogate sees of the pictures while noise is made.
  Var noise_view(Graph& g, const Var& noise, const Var& attack = {}) {
    return pixels(g, noise, noise_augmentation(), attack);
  }
  /// f() as the policy has the surrogate while noise or attacks are made.
  template <class F>
  Var in_noise_mode(Graph& g, F&& f) {
    if (policy_.surrogate_mode == SurrogateMode::training) return f();
    const EvalMode eval_mode(g);
    return f();
  }

  /// Of the unit cluster; to be set before of_noise() is recorded.
  ClusterTargets targets;

 private:
  /// Numbers of its own are drawn.
  AugmentOptions noise_augmentation() const {
    AugmentOptions options;
    if (policy_.augment_noise) options = recipe_.augmentation(pixel_norm);
    options.norm = pixel_norm;
    options.seed = recipe_.seed + 1;
    return options;
  }
  Var pixels(Graph& g, const Var& noise, const AugmentOptions& options, const Var& attack = {}) {
    const Var picture = perturb(g.input(batch_.tensors().images), noise);
    return attacked(augment(picture, g.input(batch_.counter()), options), attack, pixel_norm);
  }
  Var objective(Graph& g, const Var& noise, const Var& attack) {
    if (policy_.objective == NoiseObjective::contrastive) return contrastive(g, noise, noise_augmentation());
    const Var seen = noise_view(g, noise, attack);
    if (policy_.objective == NoiseObjective::clusters)
      return targets.loss(picture_outputs(model_, seen), g.input(batch_.rows()));
    return training_loss(model_, seen, batch_.tensors(), false);
  }
  /// InfoNCE of two views of the same pictures; the gradient flows through both.
  Var contrastive(Graph& g, const Var& noise, const AugmentOptions& options) {
    AugmentOptions other = options;
    other.seed = options.seed + 2;
    const Var one = l2_normalize(picture_outputs(model_, pixels(g, noise, options)));
    const Var two = l2_normalize(picture_outputs(model_, pixels(g, noise, other)));
    return info_nce(one, two, g.input(log_scale_));
  }

  Model& model_;
  const NoiseBatch& batch_;
  const NoiseTablePolicy policy_;
  const TrainRecipe recipe_;
  int64_t classes_;
  Tensor log_scale_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/noise_losses.inl.hpp>
#endif
