// A surrogate-based method as data: who trains when, what the noise does to the surrogate's loss, and whether
// a picture, class or cluster has a noise of its own.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

/// min: noise that makes the surrogate's loss small (EM, TAP's targets, UC); max: large (error-max).
enum class NoiseDirection : uint8_t { min, max };
/// What has one noise: an item, all items of a class, or all of a cluster of the surrogate's features.
enum class NoiseUnit : uint8_t { sample, label, cluster };
/// supervised: the model's own loss, from classes or captions. contrastive: InfoNCE of two augmented views of
/// the same perturbed picture. clusters: the cross-entropy of softmax(features) against the softmax of
/// another cluster's centre.
enum class NoiseObjective : uint8_t { supervised, contrastive, clusters };
enum class NoiseStart : uint8_t { zero, uniform };
/// Which statistics the surrogate's batch norms use while noise is optimised.
enum class SurrogateMode : uint8_t { evaluation, training };

namespace detail {
template <>
struct KindNames<NoiseDirection> {
  static constexpr std::string_view what = "direction";
  static constexpr std::array<std::string_view, 2> names = {"min", "max"};
};
template <>
struct KindNames<NoiseUnit> {
  static constexpr std::string_view what = "unit";
  static constexpr std::array<std::string_view, 3> names = {"sample", "class", "cluster"};
};
template <>
struct KindNames<NoiseObjective> {
  static constexpr std::string_view what = "objective";
  static constexpr std::array<std::string_view, 3> names = {"supervised", "contrastive", "clusters"};
};
template <>
struct KindNames<NoiseStart> {
  static constexpr std::string_view what = "start";
  static constexpr std::array<std::string_view, 2> names = {"zero", "uniform"};
};
template <>
struct KindNames<SurrogateMode> {
  static constexpr std::string_view what = "surrogate_mode";
  static constexpr std::array<std::string_view, 2> names = {"evaluation", "training"};
};
}  // namespace detail

/// The policy of a NoiseTrainer. It first trains the surrogate on clean pictures for `pretrain_epochs`; then
/// every round trains it for `surrogate_steps` updates on perturbed pictures and gives the noise of one
/// pass's batches `pgd_steps` signed-gradient steps each. Steps and radii are in 1/255.
struct NoiseTablePolicy {
  NoiseDirection direction = NoiseDirection::min;
  NoiseObjective objective = NoiseObjective::supervised;
  NoiseUnit unit = NoiseUnit::sample;
  NoiseStart start = NoiseStart::zero;
  /// Noise is optimised for class (y + target_shift) mod K, and clusters for the centre that follows.
  int target_shift = 0;
  int clusters = 10;  ///< unit cluster only

  int pretrain_epochs = 0;
  int64_t rounds = 1;
  int64_t surrogate_steps = 0;  ///< a round
  bool noise_first = false;     ///< within a round
  /// Of the noise's batches a round: this many, the same that the surrogate's next steps see; 0: a pass over
  /// `noise_share` of the set, the incomplete last batch included.
  int64_t noise_batches = 0;
  double noise_share = 1;
  int pgd_steps = 1;
  float step_size = 0.8f;
  int final_passes = 0;  ///< over the whole set, after the last round
  double stop_error =
      0;  ///< no more rounds once the surrogate's error on perturbed pictures is below; 0: never
  SurrogateMode surrogate_mode = SurrogateMode::evaluation;
  bool augment_noise = false;  ///< noise is optimised through the recipe's augmentation
  int samples = 1;             ///< augmentations whose gradients are added for a step (EOT)
  int restarts = 1;            ///< of the noise; the one with the best last loss is kept
  int64_t decay_every = 0;     ///< surrogate steps after which its rate falls to a tenth; 0: never
  /// REM: the surrogate's loss is that of the worst perturbation within this radius, after augmentation.
  float attack_radius = 0, attack_step_size = 0;
  int attack_steps = 0;
  float temperature = 0.5f;  ///< of the contrastive objective
  /// The noise's loss is objective_weight times the objective plus separability times class_separability() of
  /// the batch's noise by class, TUE's CSD; the surrogate's is the objective. Without the objective the noise
  /// does not depend on the pictures.
  float objective_weight = 1, separability = 0;
  bool shuffle_captions = false;  ///< MEM: captions change places in the batch before every step of the noise
  /// MEM: so many tokens in front of every caption, searched for in the first `trigger_rounds` rounds among
  /// `trigger_candidates` a place. An item's captions share them.
  int trigger_tokens = 0, trigger_rounds = 5, trigger_candidates = 16;

  void fields(FieldList& f) {
    constexpr int64_t many = 100'000'000;
    f("direction", direction, "What the noise does to the surrogate's loss");
    f("objective", objective, "Of noise and surrogate");
    f("unit", unit, "What has a noise of its own");
    f("start", start, "Of the noise");
    f("surrogate_mode", surrogate_mode, "Of the surrogate's batch norms while noise is optimised");
    f("target_shift", target_shift, in_range(0, 1'000'000), "Noise is for the class so many further");
    f("clusters", clusters, in_range(2, 1'000'000), "Of the surrogate's features");
    f("pretrain_epochs", pretrain_epochs, in_range(0, 100'000), "Of the surrogate on clean pictures");
    f("rounds", rounds, in_range(1, many), "Rounds of surrogate steps and noise steps");
    f("surrogate_steps", surrogate_steps, in_range(0, many), "Updates of the surrogate a round");
    f("noise_first", noise_first, "The noise goes first in a round");
    f("noise_batches", noise_batches, in_range(0, many), "Of the noise a round; 0: a pass over noise_share");
    f("noise_share", noise_share, in_range(0, 1), "Of the set that a pass of the noise visits");
    f("pgd_steps", pgd_steps, in_range(1, 100'000), "Steps of a noise each time");
    f("step_size", step_size, in_range(0, 255), "Of the noise, in 1/255");
    f("final_passes", final_passes, in_range(0, 100'000), "Of the noise over the whole set at the end");
    f("stop_error", stop_error, in_range(0, 1), "Training error below which rounds end; 0: never");
    f("augment_noise", augment_noise, "Noise is optimised through the recipe's augmentation");
    f("samples", samples, in_range(1, 10'000), "Augmentations whose gradients are added for a step");
    f("restarts", restarts, in_range(1, 10'000), "Of the noise, of which the best is kept");
    f("decay_every", decay_every, in_range(0, many),
      "Surrogate steps after which its learning rate falls to a tenth; 0: never");
    f("attack_radius", attack_radius, in_range(0, 255), "Of the attack on the surrogate, in 1/255; 0: off");
    f("attack_step_size", attack_step_size, in_range(0, 255), "Of that attack, in 1/255");
    f("attack_steps", attack_steps, in_range(0, 10'000), "Of that attack");
    f("temperature", temperature, in_range(1e-3f, 1e3f), "Of the contrastive objective");
    f("objective_weight", objective_weight, in_range(0, 1e6), "Of the objective in the noise's loss");
    f("separability", separability, in_range(0, 1e6), "Weight of class_separability() in that loss");
    f("shuffle_captions", shuffle_captions, "Captions change places before every step of the noise");
    f("trigger_tokens", trigger_tokens, in_range(0, 64), "In front of every caption");
    f("trigger_rounds", trigger_rounds, in_range(0, 100'000), "The first rounds, in which they are sought");
    f("trigger_candidates", trigger_candidates, in_range(1, 10'000), "Of them at each place");
  }
  /// Error naming what is out of range or does not go together.
  void validate() const;
};

/// Error as from read_fields().
NoiseTablePolicy noise_policy_from_json(const nlohmann::json& json, const NoiseTablePolicy& defaults = {});
nlohmann::json to_json(const NoiseTablePolicy& policy);
/// Error as from the policy's validate(), and for a policy that does not fit the data or what the surrogate
/// learns from, for items without the class that is needed, and for mixup or averaged weights in the
/// surrogate's recipe.
void check_noise_training(const NoiseTablePolicy& policy, const TrainRecipe& recipe, const PairDataset& data,
                          bool learns_captions);
/// How many rows of noise there are for a data set.
int64_t noise_rows(const NoiseTablePolicy& policy, const PairDataset& data);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/noise_policy.inl.hpp>
#endif
