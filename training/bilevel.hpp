// The bi-level loop of error-minimising noise. A generator learns noise that makes the surrogate's training
// loss small, while the surrogate trains on pictures with that noise. The paper's recipe, a frozen surrogate,
// is a special case.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <type_traits>

#include <t2ue/core/fields.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/training/conditions.hpp>
#include <t2ue/training/trainer.hpp>
#include <t2ue/training/warm_start.hpp>

namespace t2ue {

/// Who trains when. One round is `surrogate_steps` updates of the surrogate on perturbed pictures (noise
/// detached), then `noise_steps` updates of the generator through the frozen surrogate.
struct BiLevelPolicy {
  int64_t rounds = 300;
  int surrogates = 1;       ///< an ensemble of so many, of other weights each, takes turns by rounds
  int surrogate_steps = 1;  ///< 0: the surrogate never trains
  int noise_steps = 1;
  int64_t restart_every = 0;  ///< rounds after which the surrogate starts anew from fresh weights; 0: never
  float noise_learning_rate = 1e-3f;
  /// Over all noise steps: a rise over this share of them, then cosine to 0 or constant.
  Schedule::Kind noise_schedule = Schedule::Kind::cosine;
  float noise_warmup_share = 0.02f;
  /// Latent vectors are drawn anew for every item of every noise step, as the paper does; or all share the
  /// one that noise is exported with.
  bool fresh_latents = false;
  /// Before the first round the generator learns to tell its conditions apart by the patterns that
  /// Conditions::start gives them, for this many steps. 0: it starts as it was initialised.
  int64_t warm_steps = 0;
  float warm_learning_rate = 2e-3f;
  /// How large the noise is made then on average, as a share of eps (scale_noise): it gives the rounds room
  /// to change it. 1: it stays as it is.
  float warm_share = 1.0f;
  /// How large it is made after the last round, likewise: it fills the budget. 0: it stays as it is.
  float final_share = 0.0f;
  OptimizerConfig noise_optimizer{.kind = OptimizerConfig::Kind::adam, .beta1 = 0.0f, .beta2 = 0.9f};

  void fields(FieldList& f) {
    using enum OptimizerConfig::Kind;
    f("rounds", rounds, in_range(1, 100'000'000), "Rounds of surrogate steps, then noise steps");
    f("surrogates", surrogates, in_range(1, 64), "An ensemble of so many surrogates takes turns by rounds")
        .left_out_if(surrogates == 1);
    f("surrogate_steps", surrogate_steps, in_range(0, 100'000),
      "Updates of the surrogate a round; 0: it never trains");
    f("noise_steps", noise_steps, in_range(1, 100'000), "Updates of the generator a round");
    f("restart_every", restart_every, in_range(0, 100'000'000),
      "Rounds after which the surrogate starts anew; 0: never");
    f("noise_learning_rate", noise_learning_rate, in_range(0, 10), "The generator's learning rate");
    f("noise_schedule", noise_schedule, one_of(Schedule::Kind::constant, Schedule::Kind::cosine),
      "The generator's learning rate over all noise steps, cosine going to 0");
    f("noise_warmup_share", noise_warmup_share, in_range(0, 1),
      "Share of the noise steps in which the rate rises");
    f("noise_optimizer", noise_optimizer.kind, one_of(adamw, adam), "The generator's update rule");
    f("noise_weight_decay", noise_optimizer.weight_decay, in_range(0, 10), "The generator's weight decay");
    f("noise_beta1", noise_optimizer.beta1, in_range(0, 1), "Of the generator's optimizer");
    f("noise_beta2", noise_optimizer.beta2, in_range(0, 1), "Of the generator's optimizer");
    f("fresh_latents", fresh_latents,
      "A latent vector of its own for every picture of every noise step; else all share one");
    f("warm_steps", warm_steps, in_range(0, 1'000'000),
      "Updates that teach the generator a texture a keyword or class before the first round");
    f("warm_learning_rate", warm_learning_rate, in_range(0, 10), "The generator's learning rate in those");
    f("warm_share", warm_share, in_range(0.001f, 1),
      "The noise is made this share of eps after those, on average; 1: as it is");
    f("final_share", final_share, in_range(0, 0.999f),
      "The noise is made this share of eps after the last round; 0: as it is");
  }

  /// Whether the surrogate keeps the weights that it has before the first round, the paper's recipe. It then
  /// runs in evaluation mode.
  bool freezes_surrogate() const { return surrogate_steps == 0 && restart_every == 0; }
};

/// Error as from read_fields().
BiLevelPolicy bilevel_policy_from_json(const nlohmann::json& json, const BiLevelPolicy& defaults = {});
nlohmann::json to_json(const BiLevelPolicy& policy);

/// Trains a generator against surrogates of type Model (Clip or Classifier), one or an ensemble. The
/// surrogates' recipe gives batch, rate, optimiser, augmentation and seed; its epochs are not used.
template <class Model>
class BiLevelTrainer {
 public:
  template <class Config>
  BiLevelTrainer(const GeneratorConfig& generator, const Config& surrogate, const BiLevelPolicy& policy,
                 const TrainRecipe& recipe, const PairDataset& data, Conditions conditions,
                 const Compute& compute = {})
      : generator_(generator),
        generator_parameters_(generator_, recipe.seed, compute.device, compute.precision),
        noise_optimizer_(generator_parameters_, policy.noise_optimizer),
        policy_(policy),
        recipe_(recipe),
        data_(data),
        conditions_(std::move(conditions)),
        batch_(recipe.batch, data.size, std::max(data.context_length, 1), compute.device,
               recipe.cutmix_alpha > 0),
        condition_({recipe.batch, generator.condition()}, DType::f32, compute.device),
        latents_(generator.latent_batch(recipe.batch, compute.device)),
        order_(data.count(), recipe.batch, recipe.seed),
        noise_schedule_(noise_schedule(policy)),
        compute_(compute) {
    check(conditions_.width == generator.condition() &&
              static_cast<int64_t>(conditions_.row_of_item.size()) == data.count(),
          "bilevel", "the generator wants conditions ", generator.condition(), " wide for ", data.count(),
          " items, got ", conditions_.width, " for ", conditions_.row_of_item.size());
    check(policy.rounds >= 1 && policy.noise_steps >= 1 && policy.surrogate_steps >= 0 &&
              policy.surrogates >= 1,
          "bilevel", "rounds, noise_steps and surrogates must be positive, surrogate_steps not negative");
    check(recipe.ema_decay == 0.0f, "bilevel", "keeps no average of the weights; ema_decay must be 0, is ",
          recipe.ema_decay);
    check(recipe.augmentation_policy == AugmentationPolicy::none, "bilevel",
          "adds noise to pictures as they are, before any change of them; augmentation_policy must be none, "
          "is ",
          name_of(recipe.augmentation_policy));
    check(recipe.adversarial_radius == 0.0f, "bilevel",
          "attacks no surrogate; adversarial_radius must be 0, is ", recipe.adversarial_radius);
    if (generator_.standardises()) {
      const ConditionStatistics statistics = condition_statistics(conditions_);
      generator_.standardise(statistics.mean, statistics.variance);
    }
    if (latents_) latents_in_.emplace(latents_);
    for (int k = 0; k < policy.surrogates; ++k) {
      surrogates_.push_back(
          std::make_unique<Surrogate>(surrogate, first_seed(k), compute, policy.surrogate_steps > 0));
      record_noise_step(*surrogates_.back());
      if (policy.surrogate_steps > 0) record_surrogate_step(*surrogates_.back());
    }
    check(policy.warm_steps >= 0, "bilevel", "warm_steps must not be negative, is ", policy.warm_steps);
    check(policy.warm_share > 0 && policy.warm_share <= 1, "bilevel", "warm_share is in (0, 1], not ",
          policy.warm_share);
    check(policy.final_share >= 0 && policy.final_share < 1, "bilevel", "final_share is in [0, 1), not ",
          policy.final_share);
    if (policy.warm_steps == 0) return;
    codebook_.emplace(conditions_, generator, recipe.batch, compute.device);
    warm_step_.emplace(
        noise_optimizer_, compute,
        [this](Graph& g) { return codebook_->loss(g, generator_.noise(g.input(condition_), latents(g))); },
        [](Graph&) {});
  }
  BiLevelTrainer(const BiLevelTrainer&) = delete;
  BiLevelTrainer& operator=(const BiLevelTrainer&) = delete;

  struct Losses {
    float surrogate = 0, noise = 0;
  };

  /// One round; returns the mean losses of its steps.
  Losses round() {
    check(!done(), "bilevel", "all ", policy_.rounds, " rounds are done");
    if (rounds_ == 0) warm_start();
    if (policy_.restart_every > 0 && rounds_ > 0 && rounds_ % policy_.restart_every == 0) restart();
    Losses losses;
    for (int s = 0; s < policy_.surrogate_steps; ++s) {
      next_batch();
      losses.surrogate += active().step->run(recipe_.learning_rate, concat("surrogate, step ", steps_)) /
                          static_cast<float>(policy_.surrogate_steps);
    }
    for (int s = 0; s < policy_.noise_steps; ++s) {
      next_batch();
      const float rate = noise_schedule_.at(noise_optimizer_.steps() - policy_.warm_steps);
      losses.noise += active().noise_step->run(rate, concat("noise, step ", steps_)) /
                      static_cast<float>(policy_.noise_steps);
    }
    ++rounds_;
    if (done() && policy_.final_share > 0)
      scale_noise(generator_, generator_parameters_, condition_, latents_, policy_.final_share, compute_);
    return losses;
  }

  bool done() const { return rounds_ >= policy_.rounds; }
  int64_t rounds() const { return rounds_; }
  int64_t total_rounds() const { return policy_.rounds; }
  /// Seconds spent so far on filling batches.
  double data_seconds() const { return data_seconds_; }
  Generator& generator() { return generator_; }
  /// What the latents are drawn by that the generator is trained with: it goes into the generator's file, for
  /// of others it gives other noise.
  uint64_t latent_seed() const { return recipe_.seed; }
  const ParameterSet& generator_parameters() const { return generator_parameters_; }
  /// For starting it from given weights.
  ParameterSet& generator_parameters() { return generator_parameters_; }
  /// A surrogate of the ensemble, for starting it from trained weights.
  ParameterSet& surrogate_parameters(int k = 0) { return surrogates_.at(static_cast<size_t>(k))->parameters; }
  int surrogates() const { return policy_.surrogates; }

  /// Gives a frozen CLIP (BiLevelPolicy::freezes_surrogate) the unit text features [captions of the data,
  /// embed_dim] that its text tower has for them, so that the tower need not run in every step. Before the
  /// first round. Error if the surrogate is not frozen or not the only one, or there is another number of
  /// them.
  void use_text_features(std::vector<float> features) requires std::is_same_v<Model, Clip> {
    check(policy_.freezes_surrogate() && policy_.surrogates == 1 && rounds_ == 0 &&
              noise_optimizer_.steps() == 0,
          "bilevel", "text features are for one frozen surrogate, and are given before the first round");
    Surrogate& only = *surrogates_.front();
    const int64_t width = only.model.config.text.embed_dim;
    check(static_cast<int64_t>(features.size()) == data_.caption_begin.back() * width, "bilevel", "got ",
          features.size(), " numbers as the features of ", data_.caption_begin.back(), " captions, each ",
          width, " wide");
    text_features_ = std::move(features);
    text_ = Tensor::zeros({recipe_.batch, width}, DType::f32, generator_parameters_.device());
    record_noise_step(only);
  }

  /// Writes everything needed to go on; of a frozen surrogate, not its weights but which they are.
  /// `extra` is kept beside the state.
  void save(const std::filesystem::path& path, const nlohmann::json& extra = {}) const {
    CheckpointWriter writer;
    writer.add("generator.", generator_parameters_);
    writer.add("noise_optimizer", noise_optimizer_);
    for (size_t k = 0; k < surrogates_.size(); ++k) {
      const Surrogate& surrogate = *surrogates_[k];
      if (!policy_.freezes_surrogate()) writer.add(saved_name("surrogate", k) + ".", surrogate.parameters);
      if (surrogate.optimizer) writer.add(saved_name("surrogate_optimizer", k), *surrogate.optimizer);
    }
    writer.save(path, "bilevel",
                {{"rounds", rounds_},
                 {"steps", steps_},
                 {"recipe", to_json(recipe_)},
                 {"policy", to_json(policy_)},
                 {"frozen", frozen_weights()},
                 {"extra", extra}});
  }
  /// Goes on from a file written by `save` under the same recipe and policy; returns what was saved as
  /// `extra`. A frozen surrogate must have been given the same weights.
  nlohmann::json resume(const std::filesystem::path& path) {
    const CheckpointReader reader(path, "bilevel");
    const nlohmann::json state = with_present_names(nlohmann::json::parse(reader.state()));
    check(state.at("recipe") == to_json(recipe_) && state.at("policy") == to_json(policy_), "resume", path,
          " was trained by another recipe");
    reader.restore("generator.", generator_parameters_);
    reader.restore("noise_optimizer", noise_optimizer_);
    for (size_t k = 0; k < surrogates_.size(); ++k) {
      Surrogate& surrogate = *surrogates_[k];
      if (surrogate.optimizer) reader.restore(saved_name("surrogate_optimizer", k), *surrogate.optimizer);
      if (!policy_.freezes_surrogate())
        reader.restore(saved_name("surrogate", k) + ".", surrogate.parameters);
    }
    check(state.at("frozen") == frozen_weights(), "resume", path,
          " was trained against a surrogate with other weights");
    rounds_ = state.at("rounds");
    steps_ = state.at("steps");
    return state.at("extra");
  }

 private:
  static Schedule noise_schedule(const BiLevelPolicy& policy) {
    Schedule s;
    s.kind = policy.noise_schedule;
    s.rate = policy.noise_learning_rate;
    s.total = policy.rounds * policy.noise_steps;
    s.warmup = static_cast<int64_t>(policy.noise_warmup_share * static_cast<float>(s.total));
    return s;
  }

  /// One of the ensemble, with its own training and the generator's step through it. A surrogate that never
  /// trains has neither moments nor a step, which would take memory.
  struct Surrogate {
    Model model;
    ParameterSet parameters;
    std::optional<Optimizer> optimizer;
    std::optional<GuardedStep> step, noise_step;

    template <class Config>
    Surrogate(const Config& config, uint64_t seed, const Compute& compute, bool trains)
        : model(config),
          parameters(model, seed, compute.device, compute.precision,
                     trains ? ParameterUse::training : ParameterUse::inference) {}
  };

  /// The seed of surrogate k's first weights: far from the seeds that restarts count up to.
  uint64_t first_seed(int k) const { return recipe_.seed + 0x9E3779B9u * static_cast<uint64_t>(k); }
  Surrogate& active() { return *surrogates_[static_cast<size_t>(rounds_) % surrogates_.size()]; }
  /// What tensors of surrogate k are called in a checkpoint: the first is not numbered.
  static std::string saved_name(const char* what, size_t k) { return k == 0 ? what : concat(what, k); }
  /// Which weights frozen surrogates have; empty if they train.
  std::string frozen_weights() const {
    if (!policy_.freezes_surrogate()) return "";
    std::string all;
    for (const auto& surrogate : surrogates_)
      all += (all.empty() ? "" : " ") + surrogate->parameters.sha256();
    return all;
  }

  void record_surrogate_step(Surrogate& surrogate) {
    surrogate.optimizer.emplace(surrogate.parameters, recipe_.optimizer);
    surrogate.step.emplace(
        *surrogate.optimizer, compute_,
        [this, &surrogate](Graph& g) { return surrogate_loss(surrogate.model, surrogate_view(g, true)); },
        [&surrogate](Graph& g) { record_constraints(g, surrogate.model); });
  }

  void record_noise_step(Surrogate& surrogate) {
    surrogate.noise_step.reset();  // its memory goes first
    surrogate.noise_step.emplace(
        noise_optimizer_, compute_,
        [this, &surrogate](Graph& g) {
          const Var pixels = surrogate_view(g, false);
          const NoGrad no_grad(g);
          if (!policy_.freezes_surrogate()) return surrogate_loss(surrogate.model, pixels);
          const EvalMode eval_mode(g);  // running statistics stay as they are, too
          return frozen_loss(surrogate.model, pixels);
        },
        [](Graph&) {});
  }

  void warm_start() {
    while (noise_optimizer_.steps() < policy_.warm_steps) {
      codebook_->show(next_batch(), conditions_);
      warm_step_->run(policy_.warm_learning_rate, concat("warm start, step ", steps_));
    }
    if (policy_.warm_share == 1) return;
    if (steps_ == 0) next_batch(), steps_ = 0;  // a look at conditions, for the scale
    scale_noise(generator_, generator_parameters_, condition_, latents_, policy_.warm_share, compute_);
  }

  /// The batch's latents; absent where the generator draws none.
  Var latents(Graph& g) { return latents_ ? g.input(latents_) : Var{}; }

  /// Perturbed, augmented, normalised pictures; the generator is a constant when `detached`.
  Var surrogate_view(Graph& g, bool detached) {
    const Var image = g.input(batch_.images);
    Var noise;
    if (detached) {
      const NoGrad no_grad(g);
      noise = generator_.noise(g.input(condition_), latents(g), data_.size, data_.size);
    } else {
      noise = generator_.noise(g.input(condition_), latents(g), data_.size, data_.size);
    }
    PerturbOptions options;
    options.eps = generator_.config.bound.eps;
    options.quantise = true;
    return augment(perturb(image, noise, options), g.input(batch_.counter), recipe_.augmentation(pixel_norm));
  }

  Var surrogate_loss(Model& model, const Var& pixels) {
    return training_loss(model, pixels, batch_, recipe_.mixes_labels());
  }

  /// The loss of a frozen surrogate.
  Var frozen_loss(Model& model, const Var& pixels) {
    if constexpr (std::is_same_v<Model, Clip>)
      if (text_) return model.loss(pixels, pixels.graph().input(text_));
    return surrogate_loss(model, pixels);
  }

  /// The text features of the captions that the batch shows.
  void fill_text(std::span<const int64_t> items) {
    const auto width = static_cast<size_t>(text_.shape()[1]);
    std::vector<float> rows;
    for (const int64_t item : items) {
      const auto row = static_cast<size_t>(data_.caption_row(item, order_.epoch_of(steps_)));
      const float* features = text_features_.data() + row * width;
      rows.insert(rows.end(), features, features + width);
    }
    text_.assign(rows);
  }

  /// Fills the batch, and returns its items until the next.
  std::span<const int64_t> next_batch() {
    const auto before = std::chrono::steady_clock::now();
    const auto items = order_.at(steps_);
    batch_.fill(data_, items, order_.epoch_of(steps_), steps_);
    batch_.draw_mixture(recipe_.mixup_alpha, recipe_.seed, steps_);
    batch_.draw_box(recipe_.cutmix_alpha, recipe_.seed, steps_);
    if (text_) fill_text(items);
    const auto width = static_cast<size_t>(conditions_.width);
    auto condition = condition_in_.begin<float>().begin();
    std::span<float> latents;
    if (latents_in_) latents = latents_in_->template begin<float>();
    auto latent = latents.begin();
    for (size_t b = 0; b < items.size(); ++b) {
      const auto item = static_cast<size_t>(items[b]);
      condition =
          std::copy_n(conditions_.table.data() + static_cast<size_t>(conditions_.row_of_item[item]) * width,
                      width, condition);
      const uint64_t draw = policy_.fresh_latents ? 1 + static_cast<uint64_t>(steps_) * items.size() + b : 0;
      const std::vector<float> z = latent_vector(generator_.config.latents(), latent_seed(), draw);
      latent = std::copy(z.begin(), z.end(), latent);
    }
    condition_in_.commit();
    if (latents_in_) latents_in_->commit();
    data_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    ++steps_;
    return items;
  }

  void restart() {
    const auto lives = static_cast<uint64_t>(rounds_ / policy_.restart_every);
    for (int k = 0; k < policy_.surrogates; ++k) {
      Surrogate& surrogate = *surrogates_[static_cast<size_t>(k)];
      surrogate.parameters.initialise(first_seed(k) + lives);
      if (surrogate.optimizer) surrogate.optimizer->reset();
    }
  }

  Generator generator_;
  ParameterSet generator_parameters_;
  Optimizer noise_optimizer_;
  BiLevelPolicy policy_;
  TrainRecipe recipe_;
  const PairDataset& data_;
  Conditions conditions_;
  Batch batch_;
  Tensor condition_, latents_, text_;  ///< text_: absent where the text tower runs in every step
  std::vector<float> text_features_;
  BatchOrder order_;
  Schedule noise_schedule_;
  std::optional<PatternCodebook> codebook_;
  StagedCopy condition_in_{condition_};
  std::optional<StagedCopy> latents_in_;
  Compute compute_;
  std::optional<GuardedStep> warm_step_;
  std::vector<std::unique_ptr<Surrogate>> surrogates_;
  int64_t rounds_ = 0, steps_ = 0;
  double data_seconds_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/bilevel.inl.hpp>
#endif
