// The one loop of surrogate-based unlearnable examples: a table of bounded noise takes signed-gradient steps
// on a surrogate's loss, while the surrogate trains on clean or on perturbed pictures, as a policy says. EM
// (Huang et al., 2021), error-max, TAP (Fowl et al., 2021), REM (Fu et al., 2022), CP (He et al., 2023), UC
// (Zhang et al., 2023), TUE (Ren et al., 2023), MEM (Liu et al., 2024) and the forms for CLIP are policies:
// methods/surrogate_methods.hpp.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include <t2ue/core/renames.hpp>
#include <t2ue/training/features.hpp>
#include <t2ue/training/noise_steps.hpp>

namespace t2ue {

/// Makes noise for every picture of a data set against a surrogate of type Model (Clip or a classifier). The
/// surrogate's recipe gives batch, optimiser, augmentation and seed; `rate` is that of the rounds, constant
/// but for the policy's decay_every, and the peak of the clean pretraining's schedule. Epochs are not used.
/// Every step depends only on recipe, policy and state: a killed run goes on with the same bits.
///
/// UC's generator with a constant input is a universal noise a cluster; here that noise is what is optimised,
/// directly and by sign steps.
template <class Model>
class NoiseTrainer {
 public:
  /// eps in [0,1] pixel units. Error for a policy that does not go together (NoiseTablePolicy::validate) or
  /// does not fit model or data, for unlabelled items where labels are needed, and for mixup or averaged
  /// weights in the recipe. `cluster` is needed by the unit cluster only.
  template <class Config>
  NoiseTrainer(const Config& surrogate, const NoiseTablePolicy& policy, float eps, const TrainRecipe& recipe,
               const PairDataset& data, const Compute& compute = {}, ClusterItems cluster = {})
      : model_(surrogate),
        parameters_(model_, recipe.seed, compute.device, compute.precision),
        optimizer_(parameters_, recipe.optimizer),
        policy_(policy),
        recipe_(recipe),
        data_(data),
        cluster_(std::move(cluster)),
        table_(noise_rows(policy, data), data.size, eps, compute.device),
        batch_(data, recipe.batch, compute.device),
        order_(data.count(), recipe.batch, recipe.seed),
        compute_(compute) {
    check_noise_training(policy, recipe, data, learns_captions);
    check(policy.unit != NoiseUnit::cluster || cluster_, "noise",
          "the unit cluster needs a function that clusters features");
    if (policy.unit == NoiseUnit::label) row_of_item_ = data.labels;
    if (policy.unit == NoiseUnit::sample)
      for (int32_t i = 0; i < static_cast<int32_t>(data.count()); ++i) row_of_item_.push_back(i);
    if constexpr (learns_captions)
      if (policy.trigger_tokens > 0) triggers_ = random_triggers(data, policy.trigger_tokens, recipe.seed);
    on_batch_.emplace(model_, optimizer_, table_, batch_, policy, recipe, data, compute);
  }
  NoiseTrainer(const NoiseTrainer&) = delete;
  NoiseTrainer& operator=(const NoiseTrainer&) = delete;

  /// Mean losses of one unit of work; `error` is the surrogate's share of wrong classes on perturbed
  /// pictures, or -1 where the policy does not ask for it.
  struct Losses {
    float surrogate = 0, noise = 0;
    double error = -1;
  };

  /// One epoch of pretraining, one round, or one final pass, whichever is next.
  Losses advance() {
    check(!done(), "noise", "the noise is finished");
    if (epoch_ < policy_.pretrain_epochs) return pretrain();
    if (round_ == 0 && final_ == 0) begin();
    Losses losses;
    if (round_ < policy_.rounds) {
      losses = alternate();
      ++round_;
      if (losses.error >= 0 && losses.error < policy_.stop_error) round_ = policy_.rounds;
    } else {
      losses.noise = noise_pass(0);
      ++final_;
    }
    last_loss_ = losses.noise;
    if (round_ == policy_.rounds && final_ == policy_.final_passes) end();
    return losses;
  }

  bool done() const { return restart_ == policy_.restarts; }
  /// Units of work done and in all; an error that is reached makes a jump.
  int64_t units() const {
    return epoch_ + restart_ * (policy_.rounds + policy_.final_passes) + round_ + final_;
  }
  int64_t total_units() const {
    return policy_.pretrain_epochs + policy_.restarts * (policy_.rounds + policy_.final_passes);
  }
  /// Seconds spent so far on filling batches.
  double data_seconds() const { return batch_.seconds(); }

  Model& model() { return model_; }
  /// The surrogate, for starting it from trained weights.
  ParameterSet& parameters() { return parameters_; }
  const NoiseTable& table() const { return table_; }
  /// [rows,S,S,3] in pixel units: once done, that of the best restart.
  std::vector<float> noise() const { return done() && !best_.empty() ? best_ : table_.values().to_floats(); }
  /// Each item's row in it. Of clusters known once the surrogate has been trained.
  const std::vector<int32_t>& row_of_item() const { return row_of_item_; }

  /// Each item's trigger tokens, [items, trigger_tokens].
  const std::vector<int32_t>& triggers() const { return triggers_; }

  /// Writes everything needed to go on; `extra` is kept beside the state.
  void save(const std::filesystem::path& path, const nlohmann::json& extra = {}) const {
    CheckpointWriter writer;
    writer.add("surrogate.", parameters_);
    writer.add("optimizer", optimizer_);
    const auto add = [&](const char* name, const std::vector<float>& values) {
      writer.add(name, {static_cast<int64_t>(values.size())}, values);
    };
    add("noise", table_.values().to_floats());
    if (!best_.empty()) add("best", best_);
    if (!triggers_.empty()) add("triggers", std::vector<float>(triggers_.begin(), triggers_.end()));
    if (clustered()) {
      add("clusters", std::vector<float>(row_of_item_.begin(), row_of_item_.end()));
      add("targets", on_batch_->targets().weights().to_floats());
    }
    writer.save(path, "noise training", {{"state", state()}, {"made_by", made_by()}, {"extra", extra}});
  }
  /// Goes on from a file written by `save` with the same data under the same recipe and policy; returns what
  /// was saved as `extra`.
  nlohmann::json resume(const std::filesystem::path& path) {
    const CheckpointReader reader(path, "noise training");
    const nlohmann::json saved = with_present_names(nlohmann::json::parse(reader.state()));
    check(saved.at("made_by") == made_by(), "resume", path,
          " was made by another recipe or policy: ", saved.at("made_by").dump());
    reader.restore("surrogate.", parameters_);
    reader.restore("optimizer", optimizer_);
    const int64_t values = table_.values().shape().elements();
    table_.assign(reader.floats("noise", values));
    const nlohmann::json& state = saved.at("state");
    best_ = state.at("has_best") ? reader.floats("best", values) : std::vector<float>();
    if (!triggers_.empty()) {
      const std::vector<float> tokens = reader.floats("triggers", static_cast<int64_t>(triggers_.size()));
      triggers_.assign(tokens.begin(), tokens.end());
    }
    if (state.at("clustered")) {
      const std::vector<float> rows = reader.floats("clusters", data_.count());
      row_of_item_.assign(rows.begin(), rows.end());
      const int64_t width = state.at("width");
      on_batch_->targets() = ClusterTargets(reader.floats("targets", policy_.clusters * width),
                                            policy_.clusters, recipe_.batch, parameters_.device());
    }
    epoch_ = state.at("epoch"), restart_ = state.at("restart"), round_ = state.at("round");
    final_ = state.at("final"), steps_ = state.at("steps"), noise_batches_ = state.at("noise_batches");
    passes_ = state.at("passes"), draws_ = state.at("draws"), shuffles_ = state.at("shuffles");
    best_loss_ = state.at("best_loss");
    return saved.at("extra");
  }

 private:
  static constexpr bool learns_captions = NoiseSteps<Model>::learns_captions;

  // ---- what is run ----

  Losses pretrain() {
    const int64_t steps = order_.steps_per_epoch();
    const Schedule schedule = recipe_.schedule(steps * policy_.pretrain_epochs);
    Losses losses;
    for (int64_t s = 0; s < steps; ++s) {
      batch_.fill(order_.at(steps_), order_.epoch_of(steps_), {});
      batch_.count(steps_);
      losses.surrogate += on_batch_->pretrain(schedule.at(steps_), concat("clean surrogate, step ", steps_)) /
                          static_cast<float>(steps);
      ++steps_;
    }
    ++epoch_;
    return losses;
  }

  void begin() {
    if (policy_.unit == NoiseUnit::cluster && !clustered()) find_clusters();
    table_.start(policy_.start, recipe_.seed, static_cast<uint64_t>(restart_));
  }

  void end() {
    const bool better =
        policy_.direction == NoiseDirection::max ? last_loss_ > best_loss_ : last_loss_ < best_loss_;
    if (policy_.restarts > 1 && (best_.empty() || better)) {
      best_ = table_.values().to_floats();
      best_loss_ = last_loss_;
    }
    ++restart_;
    round_ = 0, final_ = 0;
  }

  Losses alternate() {
    Losses losses;
    if (policy_.noise_first) losses.noise = noise_pass(policy_.noise_batches);
    for (int64_t s = 0; s < policy_.surrogate_steps; ++s) {
      fill(order_.at(steps_), order_.epoch_of(steps_));
      batch_.count(steps_);
      losses.surrogate += on_batch_->train(rate(), concat("surrogate, step ", steps_)) /
                          static_cast<float>(policy_.surrogate_steps);
      ++steps_;
    }
    if (!policy_.noise_first) losses.noise = noise_pass(policy_.noise_batches);
    if (policy_.stop_error > 0) losses.error = surrogate_error();
    return losses;
  }

  float rate() const {
    if (policy_.decay_every == 0) return recipe_.learning_rate;
    const int64_t trained = steps_ - policy_.pretrain_epochs * order_.steps_per_epoch();
    const int64_t decays = trained / policy_.decay_every;
    return recipe_.learning_rate * std::pow(0.1f, static_cast<float>(decays));
  }

  /// Steps of the noise of `batches` batches in the surrogate's order, or with 0 of a pass over the set; the
  /// mean over batches of the loss before the last step.
  float noise_pass(int64_t batches) {
    double sum = 0;
    int64_t visited = 0;
    if (batches > 0) {
      for (; visited < batches; ++visited, ++noise_batches_) {
        const int64_t at = policy_.pretrain_epochs * order_.steps_per_epoch() + noise_batches_;
        sum += static_cast<double>(noise_batch(order_.at(at), order_.epoch_of(at)));
      }
      return static_cast<float>(sum / static_cast<double>(visited));
    }
    const std::vector<int64_t> order =
        shuffled_order(data_.count(), recipe_.seed + 1, static_cast<uint64_t>(passes_));
    const int64_t whole = (data_.count() + recipe_.batch - 1) / recipe_.batch;
    const bool all = round_ == policy_.rounds;  // a final pass
    const double share = std::ceil(static_cast<double>(whole) * policy_.noise_share);
    const int64_t wanted = all ? whole : static_cast<int64_t>(share);
    for (; visited < wanted; ++visited) {
      const auto begin = static_cast<size_t>(visited * recipe_.batch);
      const size_t size = std::min(static_cast<size_t>(recipe_.batch), order.size() - begin);
      sum += static_cast<double>(noise_batch(std::span(order).subspan(begin, size), passes_));
    }
    ++passes_;
    return static_cast<float>(sum / static_cast<double>(visited));
  }

  float noise_batch(std::span<const int64_t> items, int64_t epoch) {
    fill(items, epoch);
    if (policy_.target_shift > 0 && policy_.objective == NoiseObjective::supervised)
      batch_.shift_labels(policy_.target_shift);
    if (!triggers_.empty() && round_ < policy_.trigger_rounds) {
      batch_.count(draws_);
      on_batch_->find_triggers(triggers_);
    }
    float loss = 0;
    for (int step = 0; step < policy_.pgd_steps; ++step) {
      if (policy_.shuffle_captions) {
        batch_.shuffle_captions(recipe_.seed, shuffles_++);
        batch_.show_captions(triggers_, policy_.trigger_tokens);
      }
      loss = 0;
      for (int sample = 0; sample < policy_.samples; ++sample, ++draws_) {
        batch_.count(draws_);
        loss += on_batch_->add_gradient(concat("noise, draw ", draws_)) / static_cast<float>(policy_.samples);
      }
      on_batch_->change_noise();
    }
    return loss;
  }

  /// A batch that carries noise, and triggers.
  void fill(std::span<const int64_t> items, int64_t epoch) {
    batch_.fill(items, epoch, row_of_item_);
    if (!triggers_.empty()) batch_.show_captions(triggers_, policy_.trigger_tokens);
  }

  double surrogate_error() {
    int64_t wrong = 0;
    std::vector<int64_t> items;
    for (int64_t begin = 0; begin < data_.count(); begin += recipe_.batch) {
      items.clear();
      for (int64_t i = begin; i < std::min(data_.count(), begin + recipe_.batch); ++i) items.push_back(i);
      batch_.fill(items, 0, row_of_item_);
      const std::vector<float> outputs = on_batch_->outputs();
      const auto classes = static_cast<int64_t>(outputs.size()) / recipe_.batch;
      for (size_t b = 0; b < items.size(); ++b) {
        const auto row = outputs.begin() + static_cast<int64_t>(b) * classes;
        wrong += std::max_element(row, row + classes) - row != data_.labels[static_cast<size_t>(items[b])];
      }
    }
    return static_cast<double>(wrong) / static_cast<double>(data_.count());
  }

  // ---- clusters ----

  bool clustered() const { return static_cast<bool>(on_batch_->targets()); }

  void find_clusters() {
    DatasetPass pass(
        data_, [this](Graph&, const Var& seen, const Batch&) { return picture_outputs(model_, seen); },
        recipe_.batch, compute_);
    const std::vector<float> features = pass.run();
    const int64_t width = static_cast<int64_t>(features.size()) / data_.count(), groups = policy_.clusters;
    ItemClusters found = cluster_(features, width, policy_.clusters);
    check(static_cast<int64_t>(found.cluster_of_item.size()) == data_.count() &&
              static_cast<int64_t>(found.centres.size()) == groups * width,
          "noise", "wanted ", groups, " clusters of ", data_.count(), " items and ", width, " features, got ",
          found.cluster_of_item.size(), " items and ", found.centres.size(), " numbers");
    row_of_item_ = std::move(found.cluster_of_item);
    on_batch_->targets() =
        ClusterTargets(found.centres, groups, policy_.target_shift, recipe_.batch, parameters_.device());
  }

  // ---- state ----

  nlohmann::json state() const {
    return {{"epoch", epoch_},
            {"restart", restart_},
            {"round", round_},
            {"final", final_},
            {"steps", steps_},
            {"noise_batches", noise_batches_},
            {"passes", passes_},
            {"draws", draws_},
            {"shuffles", shuffles_},
            {"best_loss", best_loss_},
            {"has_best", !best_.empty()},
            {"clustered", clustered()},
            {"width", clustered() ? on_batch_->targets().weights().shape()[1] : 0}};
  }
  nlohmann::json made_by() const {
    return {{"recipe", to_json(recipe_)}, {"policy", to_json(policy_)}, {"eps", table_.eps()}};
  }

  Model model_;
  ParameterSet parameters_;
  Optimizer optimizer_;
  NoiseTablePolicy policy_;
  TrainRecipe recipe_;
  const PairDataset& data_;
  ClusterItems cluster_;
  NoiseTable table_;
  std::vector<int32_t> row_of_item_;
  NoiseBatch batch_;
  BatchOrder order_;
  Compute compute_;
  std::optional<NoiseSteps<Model>> on_batch_;
  int64_t epoch_ = 0, restart_ = 0, round_ = 0, final_ = 0;  ///< of the units of work
  int64_t steps_ = 0, noise_batches_ = 0, passes_ = 0, draws_ = 0, shuffles_ = 0;
  float last_loss_ = 0, best_loss_ = 0;
  std::vector<float> best_;
  std::vector<int32_t> triggers_;
};

}  // namespace t2ue
