// What a surrogate-based unlearnable-example method is made of, as data: who trains when, what the noise is
// to do to the surrogate's loss, and what has a noise of its own.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <t2ue/core/config.hpp>
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
};

/// Error for an unknown key, a value out of range, or values that exclude each other.
NoiseTablePolicy noise_policy_from_json(const nlohmann::json& json, const NoiseTablePolicy& defaults = {});
nlohmann::json to_json(const NoiseTablePolicy& policy);
/// Error naming what is out of range or does not go together.
void check_noise_policy(const NoiseTablePolicy& policy);
/// The same, and for a policy that does not fit the data or what the surrogate learns from, for items without
/// the class that is needed, and for mixup or averaged weights in the surrogate's recipe.
void check_noise_training(const NoiseTablePolicy& policy, const TrainRecipe& recipe, const PairDataset& data,
                          bool learns_captions);
/// How many rows of noise there are for a data set.
int64_t noise_rows(const NoiseTablePolicy& policy, const PairDataset& data);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/noise_policy.inl.hpp>
#endif
