// What a NoiseTrainer computes on one batch: recorded once, run many times.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/training/noise_losses.hpp>
#include <t2ue/training/noise_table.hpp>
#include <t2ue/training/normalised.hpp>
#include <t2ue/training/trainer.hpp>
#include <t2ue/training/trigger_search.hpp>

namespace t2ue {

/// The steps of a surrogate and of the noise that a policy has. Model, optimiser, table and batch must
/// outlive it; steps on noise are recorded when the first of them runs, when clusters are known.
template <class Model>
class NoiseSteps {
 public:
  static constexpr bool learns_captions = NoiseLosses<Model>::learns_captions;

  NoiseSteps(Model& model, Optimizer& optimizer, NoiseTable& table, NoiseBatch& batch,
             const NoiseTablePolicy& policy, const TrainRecipe& recipe, const PairDataset& data,
             const Compute& compute)
      : model_(model),
        table_(table),
        batch_(batch),
        policy_(policy),
        compute_(compute),
        noise_(Tensor::zeros(batch.tensors().images.shape(), DType::f32, compute.device)),
        gradient_(Tensor::zeros(batch.tensors().images.shape(), DType::f32, compute.device)),
        losses_(model, batch, policy, recipe, static_cast<int64_t>(data.label_names.size()), compute.device) {
    const auto constrain = [this](Graph& g) { record_constraints(g, model_); };
    if (policy.pretrain_epochs > 0)
      pretrain_.emplace(
          optimizer, compute, [this](Graph& g) { return losses_.of_surrogate(g, {}, {}); }, constrain);
    if (policy.attack_radius > 0) record_attacks();
    if (policy.surrogate_steps > 0)
      train_.emplace(
          optimizer, compute,
          [this](Graph& g) {
            return losses_.of_surrogate(g, table_noise(g),
                                        surrogate_attack_ ? g.input(surrogate_attack_->noise()) : Var{});
          },
          constrain);
    if (policy.stop_error > 0) record_outputs();
    if constexpr (learns_captions)
      if (policy.trigger_tokens > 0)
        trigger_search_.emplace(
            model, batch, policy.trigger_tokens, policy.trigger_candidates, caption_marks(data),
            [this](Graph& g) { return losses_.noise_view(g, table_noise(g)); }, compute);
  }
  NoiseSteps(const NoiseSteps&) = delete;
  NoiseSteps& operator=(const NoiseSteps&) = delete;

  /// A step of the surrogate on clean pictures; returns the loss. `what` names it in errors.
  float pretrain(float rate, const std::string& what) { return pretrain_->run(rate, what); }
  /// A step of the surrogate on perturbed pictures, attacked if the policy says so.
  float train(float rate, const std::string& what) {
    if (surrogate_attack_) surrogate_attack_->run();
    return train_->run(rate, what);
  }
  /// Finds trigger tokens for the batch's items; Clip with trigger_tokens only.
  void find_triggers(std::vector<int32_t>& triggers) { trigger_search_->run(triggers); }

  /// Adds the gradient on the batch's noise to what the next change of it follows; returns the loss. Error
  /// for one that is not finite; then the noise stays as it is.
  float add_gradient(const std::string& what) {
    if (!gradient_step_) record_noise();
    if (noise_attack_) noise_attack_->run();
    gradient_step_->run();
    const float loss = loss_.item();
    if (std::isfinite(loss)) return loss;
    try {
      gradient_step_->find_non_finite();
    } catch (const Error& error) {
      fail(what, "the loss is ", loss, ": ", error.what(), "; the noise was not changed; lower the rate");
    }
    fail(what, "the loss is ", loss, "; the noise was not changed; lower the surrogate's rate");
  }
  /// The noise's step by the sign of the gradients since the last one.
  void change_noise() { update_->run(); }

  /// The targets of the unit cluster, to be set before the first step on noise.
  ClusterTargets& targets() { return losses_.targets; }
  const ClusterTargets& targets() const { return losses_.targets; }

  /// The surrogate's outputs for perturbed pictures that are not augmented, [batch, classes]; with a
  /// stop_error only.
  std::vector<float> outputs() {
    outputs_step_->run();
    return outputs_.to_floats();
  }

 private:
  Var table_noise(Graph& g) { return gather_rows(g.input(table_.values()), g.input(batch_.rows())); }

  void record_attacks() {
    const AttackOptions options{policy_.attack_radius / 255.0f, policy_.attack_step_size / 255.0f,
                                policy_.attack_steps};
    const auto make = [&](std::optional<BatchAttack>& attack, auto loss) {
      attack.emplace(
          batch_.tensors().images.shape(), options,
          [this, loss](Graph& g, const Var& on) {
            return losses_.in_noise_mode(g, [&] { return loss(g, table_noise(g), on); });
          },
          compute_);
    };
    if (policy_.surrogate_steps > 0)
      make(surrogate_attack_,
           [this](Graph& g, const Var& noise, const Var& on) { return losses_.of_surrogate(g, noise, on); });
    make(noise_attack_,
         [this](Graph& g, const Var& noise, const Var& on) { return losses_.of_noise(g, noise, on); });
  }

  void record_noise() {
    gradient_step_.emplace(
        [this](Graph& g) {
          const NoGrad no_grad(g);
          const Var noise = g.input(noise_, true);
          gather_rows_into(g.input(table_.values()), g.input(batch_.rows()), noise);
          const Var loss = losses_.in_noise_mode(g, [&] {
            return losses_.of_noise(g, noise, noise_attack_ ? g.input(noise_attack_->noise()) : Var{});
          });
          g.backward(loss);
          loss_ = g.output(loss);
          AddArgs sum{.a = g.grad_of(noise), .b = {}, .y = {}};
          static_cast<View&>(sum.y) = g.input(gradient_);
          sum.y.accumulate = true;
          g.launch(sum);
        },
        compute_);
    const float step = policy_.step_size / 255.0f;
    update_.emplace(
        [this, step](Graph& g) {
          const Var gradient = g.input(gradient_);
          const Var pictures = policy_.unit == NoiseUnit::sample ? g.input(batch_.tensors().images) : Var{};
          sign_step(g.input(table_.values()), g.input(batch_.rows()), gradient, pictures,
                    policy_.direction == NoiseDirection::max ? step : -step, table_.eps());
          g.launch(FillArgs{gradient, 0.0f});
        },
        compute_);
  }

  void record_outputs() {
    if constexpr (!learns_captions)
      outputs_step_.emplace(
          [this](Graph& g) {
            const NoGrad no_grad(g);
            const EvalMode eval_mode(g);
            outputs_ = g.output(
                picture_outputs(model_, normalised(g.input(batch_.tensors().images), table_noise(g))));
          },
          compute_);
  }

  Model& model_;
  NoiseTable& table_;
  NoiseBatch& batch_;
  const NoiseTablePolicy policy_;
  Compute compute_;
  Tensor noise_, gradient_;  ///< of the batch, [B,S,S,3]
  Tensor loss_, outputs_;
  NoiseLosses<Model> losses_;
  std::optional<GuardedStep> pretrain_, train_;
  std::optional<BatchAttack> surrogate_attack_, noise_attack_;
  std::optional<Step> gradient_step_, update_, outputs_step_;
  std::optional<TriggerSearch> trigger_search_;
};

}  // namespace t2ue
