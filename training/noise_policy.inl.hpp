#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

T2UE_INLINE NoiseTablePolicy noise_policy_from_json(const nlohmann::json& json,
                                                    const NoiseTablePolicy& defaults) {
  return with_json(defaults, json, "policy");
}

T2UE_INLINE nlohmann::json to_json(const NoiseTablePolicy& policy) {
  NoiseTablePolicy copy = policy;
  return write_fields(fields_of(copy, "policy"));
}

T2UE_INLINE void NoiseTablePolicy::validate() const {
  constexpr const char* where = "policy";
  check(rounds >= 1 && surrogate_steps >= 0 && pretrain_epochs >= 0 && final_passes >= 0, where,
        "rounds must be positive, surrogate_steps, pretrain_epochs and final_passes not negative");
  check(pgd_steps >= 1 && step_size > 0 && step_size <= 255, where,
        "noise needs pgd_steps of at least 1 and a step_size in 1/255 above 0, got ", pgd_steps, " and ",
        step_size);
  check(noise_batches > 0 || (noise_share > 0 && noise_share <= 1), where,
        "noise_share is the share of the set that a pass visits, above 0 and at most 1, got ", noise_share);
  check(restarts >= 1 && (restarts == 1 || surrogate_steps == 0), where,
        "restarts of the noise need a surrogate that does not train with it; set surrogate_steps to 0 or "
        "restarts to 1");
  check((attack_radius > 0) == (attack_steps > 0) && (attack_radius > 0) == (attack_step_size > 0), where,
        "attack_radius, attack_steps and attack_step_size belong together, got ", attack_radius, ", ",
        attack_steps, " and ", attack_step_size);
  check(samples == 1 || augment_noise, where, "samples are of augmentations; set augment_noise");
  check((objective == NoiseObjective::clusters) == (unit == NoiseUnit::cluster), where,
        "the objective clusters and the unit cluster belong together");
  check(objective != NoiseObjective::contrastive || (augment_noise && attack_radius == 0), where,
        "the contrastive objective compares augmented views: set augment_noise, and no attack_radius");
  check(objective_weight >= 0 && separability >= 0 && objective_weight + separability > 0, where,
        "objective_weight and separability are not negative, and one of them is above 0, got ",
        objective_weight, " and ", separability);
  check(stop_error == 0 || objective == NoiseObjective::supervised, where,
        "stop_error counts wrong classes, which only the supervised objective has");
  check(target_shift == 0 || objective != NoiseObjective::contrastive, where,
        "target_shift is of classes or clusters, and the contrastive objective has none");
}

T2UE_INLINE void check_noise_training(const NoiseTablePolicy& policy, const TrainRecipe& recipe,
                                      const PairDataset& data, bool learns_captions) {
  constexpr const char* where = "noise";
  policy.validate();
  check(!recipe.mixes_labels() && recipe.ema_decay == 0.0f, where,
        "mixes no pictures and keeps no average of the weights: mixup_alpha, cutmix_alpha and ema_decay must "
        "be 0");
  check(
      recipe.augmentation_policy == AugmentationPolicy::none, where,
      "adds noise to pictures as they are, before any change of them; augmentation_policy must be none, is ",
      name_of(recipe.augmentation_policy));
  check(recipe.adversarial_radius == 0.0f, where,
        "the surrogate is attacked as the policy's attack_radius says; adversarial_radius must be 0, is ",
        recipe.adversarial_radius);
  const bool reads_labels = policy.unit == NoiseUnit::label || policy.separability > 0 ||
                            (!learns_captions && policy.objective == NoiseObjective::supervised);
  if (reads_labels)
    for (size_t i = 0; i < data.labels.size(); ++i)
      check(data.labels[i] >= 0, where, "'", data.keys[i], "' has no class, and the policy needs one");
  check(!learns_captions || policy.target_shift == 0 || policy.objective == NoiseObjective::clusters, where,
        "target_shift is of classes or clusters, and this surrogate learns from captions");
  check(!learns_captions || policy.stop_error == 0, where,
        "stop_error counts wrong classes, and this surrogate learns from captions; set it to 0");
  check(learns_captions || (!policy.shuffle_captions && policy.trigger_tokens == 0), where,
        "shuffle_captions and trigger_tokens are for a surrogate that learns from captions");
  check(policy.trigger_tokens == 0 || policy.trigger_tokens + 3 <= data.context_length, where,
        policy.trigger_tokens, " trigger tokens leave nothing of captions of ", data.context_length,
        " tokens; use fewer");
}

T2UE_INLINE int64_t noise_rows(const NoiseTablePolicy& policy, const PairDataset& data) {
  switch (policy.unit) {
    case NoiseUnit::sample:
      return data.count();
    case NoiseUnit::label:
      return static_cast<int64_t>(data.label_names.size());
    case NoiseUnit::cluster:
      break;
  }
  return policy.clusters;
}

}  // namespace t2ue
