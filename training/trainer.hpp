// Ordinary training of one model on pictures: victims, and surrogates that see clean data.
#pragma once

#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include <t2ue/core/plan.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/guarded_step.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/optim/weight_average.hpp>
#include <t2ue/training/adversarial.hpp>
#include <t2ue/training/batch.hpp>
#include <t2ue/training/worst_draw.hpp>

namespace t2ue {

/// Trains a Clip or a Classifier on a dataset by a recipe. Every step depends only on the recipe and the
/// state, so a run that is saved, killed and resumed ends with the same bits. With the recipe's ema_decay the
/// weights' moving average is kept beside them, begun at the weights of the first step.
template <class Model>
class Trainer {
 public:
  template <class Config>
  Trainer(const Config& config, const TrainRecipe& recipe, const PairDataset& data,
          const Compute& compute = {})
      : model_(config),
        parameters_(model_, recipe.seed, compute.device, compute.precision),
        optimizer_(parameters_, recipe.optimizer),
        recipe_(recipe),
        data_(data),
        batch_(recipe.batch, data.size, std::max(data.context_length, 1), compute.device,
               recipe.cutmix_alpha > 0),
        order_(data.count(), recipe.batch, recipe.seed),
        schedule_(recipe.schedule(total_steps())),
        average_(average_of(parameters_, recipe)),
        worst_draw_(worst_draw(compute)),
        attack_(attack_within(compute)),
        step_(
            optimizer_, compute,
            [this](Graph& g) { return loss(g, attack_ ? g.input(attack_->noise()) : Var{}); },
            [this](Graph& g) {
              record_constraints(g, model_);
              if (average_) average_->record(g);
            }) {}
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// One update on the next batch; returns its loss. Error naming step and tensor when a number is not
  /// finite.
  float step() {
    check(!done(), "train", "all ", total_steps(), " steps are done");
    if (average_ && steps_ == 0) average_->start();  // weights may have been put in since construction
    const auto before = std::chrono::steady_clock::now();
    const PicturePolicy policy{recipe_.augmentation_policy, recipe_.seed};
    if (worst_draw_)
      worst_draw_->fill(data_, order_.at(steps_), order_.epoch_of(steps_), steps_, policy);
    else
      batch_.fill(data_, order_.at(steps_), order_.epoch_of(steps_), steps_, policy);
    batch_.draw_mixture(recipe_.mixup_alpha, recipe_.seed, steps_);
    batch_.draw_box(recipe_.cutmix_alpha, recipe_.seed, steps_);
    data_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    if (attack_) attack_->run();
    const float loss = step_.run(schedule_.at(steps_), concat("train, step ", steps_));
    ++steps_;
    return loss;
  }

  bool done() const { return steps_ >= total_steps(); }
  int64_t steps() const { return steps_; }
  int64_t steps_per_epoch() const { return order_.steps_per_epoch(); }
  int64_t total_steps() const { return order_.steps_per_epoch() * recipe_.epochs; }
  /// Seconds spent so far on filling batches.
  double data_seconds() const { return data_seconds_; }
  Model& model() { return model_; }
  ParameterSet& parameters() { return parameters_; }

  /// Calls f while the model has its averaged weights, beside the running statistics that it has anyway; with
  /// the weights as they are where no average is kept. For measuring and publishing; f must not train.
  void with_average(const std::function<void()>& f) {
    if (!average_) return f();
    average_->exchange();
    try {
      f();
    } catch (...) {
      average_->exchange();
      throw;
    }
    average_->exchange();
  }

  /// Writes everything needed to go on. `extra` is kept beside the state.
  void save(const std::filesystem::path& path) const;
  void save(const std::filesystem::path& path, const nlohmann::json& extra) const;
  /// Goes on from a file written by `save` under the same recipe; returns what was saved as `extra`.
  nlohmann::json resume(const std::filesystem::path& path);

 private:
  static std::optional<WeightAverage> average_of(ParameterSet& parameters, const TrainRecipe& recipe) {
    if (recipe.ema_decay == 0.0f) return {};
    return WeightAverage(parameters, recipe.ema_decay);
  }

  /// The batch's pictures as the recipe augments them.
  Var seen(Graph& g) {
    return augment(perturb(g.input(batch_.images), {}), g.input(batch_.counter),
                   recipe_.augmentation(pixel_norm));
  }
  /// Of these, with an attack on them if there is one.
  Var loss(Graph& g, const Var& attack) {
    return training_loss(model_, attacked(seen(g), attack, pixel_norm), batch_, recipe_.mixes_labels());
  }
  /// Null where pictures have one draw.
  std::unique_ptr<WorstDraw<Model>> worst_draw(const Compute& compute) {
    if (recipe_.augmentation_draws == 1) return nullptr;
    return std::make_unique<WorstDraw<Model>>(
        model_, batch_, recipe_.augmentation_draws, [this](Graph& g) { return seen(g); }, compute);
  }
  /// Null where training is not adversarial. The model is in evaluation mode while it is attacked: its
  /// running statistics are those of the steps it trains on.
  std::unique_ptr<BatchAttack> attack_within(const Compute& compute) {
    if (recipe_.adversarial_radius == 0.0f) return nullptr;
    const float radius = recipe_.adversarial_radius / 255.0f;
    const AttackOptions options{radius, 2.5f * radius / static_cast<float>(recipe_.adversarial_steps),
                                recipe_.adversarial_steps};
    return std::make_unique<BatchAttack>(
        batch_.images.shape(), options,
        [this](Graph& g, const Var& attack) {
          const EvalMode eval_mode(g);
          return loss(g, attack);
        },
        compute);
  }

  Model model_;
  ParameterSet parameters_;
  Optimizer optimizer_;
  TrainRecipe recipe_;
  const PairDataset& data_;
  Batch batch_;
  BatchOrder order_;
  Schedule schedule_;
  std::optional<WeightAverage> average_;
  std::unique_ptr<WorstDraw<Model>> worst_draw_;
  std::unique_ptr<BatchAttack> attack_;
  GuardedStep step_;
  int64_t steps_ = 0;
  double data_seconds_ = 0;
};

}  // namespace t2ue

#include <t2ue/training/trainers.hpp>
