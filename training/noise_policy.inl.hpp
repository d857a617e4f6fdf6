#pragma once

#include <t2ue/core/json_reader.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

T2UE_INLINE NoiseTablePolicy noise_policy_from_json(const nlohmann::json& json,
                                                    const NoiseTablePolicy& defaults) {
  JsonReader reader(json, "policy");
  NoiseTablePolicy p = defaults;
  const auto choice = [&]<class Kind>(const char* key, Kind& kind) {
    kind = kind_named<Kind>(reader.get<std::string>(key, std::string(name_of(kind))));
  };
  choice("direction", p.direction);
  choice("objective", p.objective);
  choice("unit", p.unit);
  choice("start", p.start);
  choice("surrogate_mode", p.surrogate_mode);
  p.target_shift = reader.in_range<int>("target_shift", 0, 1'000'000, p.target_shift);
  p.clusters = reader.in_range<int>("clusters", 2, 1'000'000, p.clusters);
  p.pretrain_epochs = reader.in_range<int>("pretrain_epochs", 0, 100'000, p.pretrain_epochs);
  p.rounds = reader.in_range<int64_t>("rounds", 1, 100'000'000, p.rounds);
  p.surrogate_steps = reader.in_range<int64_t>("surrogate_steps", 0, 100'000'000, p.surrogate_steps);
  p.noise_first = reader.get<bool>("noise_first", p.noise_first);
  p.noise_batches = reader.in_range<int64_t>("noise_batches", 0, 100'000'000, p.noise_batches);
  p.noise_share = reader.in_range<double>("noise_share", 0.0, 1.0, p.noise_share);
  p.pgd_steps = reader.in_range<int>("pgd_steps", 1, 100'000, p.pgd_steps);
  p.step_size = reader.in_range<float>("step_size", 0.0f, 255.0f, p.step_size);
  p.final_passes = reader.in_range<int>("final_passes", 0, 100'000, p.final_passes);
  p.stop_error = reader.in_range<double>("stop_error", 0.0, 1.0, p.stop_error);
  p.augment_noise = reader.get<bool>("augment_noise", p.augment_noise);
  p.samples = reader.in_range<int>("samples", 1, 10'000, p.samples);
  p.restarts = reader.in_range<int>("restarts", 1, 10'000, p.restarts);
  p.decay_every = reader.in_range<int64_t>("decay_every", 0, 100'000'000, p.decay_every);
  p.attack_radius = reader.in_range<float>("attack_radius", 0.0f, 255.0f, p.attack_radius);
  p.attack_step_size = reader.in_range<float>("attack_step_size", 0.0f, 255.0f, p.attack_step_size);
  p.attack_steps = reader.in_range<int>("attack_steps", 0, 10'000, p.attack_steps);
  p.temperature = reader.in_range<float>("temperature", 1e-3f, 1e3f, p.temperature);
  p.objective_weight = reader.in_range<float>("objective_weight", 0.0f, 1e6f, p.objective_weight);
  p.separability = reader.in_range<float>("separability", 0.0f, 1e6f, p.separability);
  p.shuffle_captions = reader.get<bool>("shuffle_captions", p.shuffle_captions);
  p.trigger_tokens = reader.in_range<int>("trigger_tokens", 0, 64, p.trigger_tokens);
  p.trigger_rounds = reader.in_range<int>("trigger_rounds", 0, 100'000, p.trigger_rounds);
  p.trigger_candidates = reader.in_range<int>("trigger_candidates", 1, 10'000, p.trigger_candidates);
  reader.done();
  check_noise_policy(p);
  return p;
}

T2UE_INLINE nlohmann::json to_json(const NoiseTablePolicy& p) {
  return {{"direction", name_of(p.direction)},
          {"objective", name_of(p.objective)},
          {"unit", name_of(p.unit)},
          {"start", name_of(p.start)},
          {"surrogate_mode", name_of(p.surrogate_mode)},
          {"target_shift", p.target_shift},
          {"clusters", p.clusters},
          {"pretrain_epochs", p.pretrain_epochs},
          {"rounds", p.rounds},
          {"surrogate_steps", p.surrogate_steps},
          {"noise_first", p.noise_first},
          {"noise_batches", p.noise_batches},
          {"noise_share", p.noise_share},
          {"pgd_steps", p.pgd_steps},
          {"step_size", p.step_size},
          {"final_passes", p.final_passes},
          {"stop_error", p.stop_error},
          {"augment_noise", p.augment_noise},
          {"samples", p.samples},
          {"restarts", p.restarts},
          {"decay_every", p.decay_every},
          {"attack_radius", p.attack_radius},
          {"attack_step_size", p.attack_step_size},
          {"attack_steps", p.attack_steps},
          {"temperature", p.temperature},
          {"objective_weight", p.objective_weight},
          {"separability", p.separability},
          {"shuffle_captions", p.shuffle_captions},
          {"trigger_tokens", p.trigger_tokens},
          {"trigger_rounds", p.trigger_rounds},
          {"trigger_candidates", p.trigger_candidates}};
}

T2UE_INLINE void check_noise_policy(const NoiseTablePolicy& p) {
  constexpr const char* where = "policy";
  check(p.rounds >= 1 && p.surrogate_steps >= 0 && p.pretrain_epochs >= 0 && p.final_passes >= 0, where,
        "rounds must be positive, surrogate_steps, pretrain_epochs and final_passes not negative");
  check(p.pgd_steps >= 1 && p.step_size > 0 && p.step_size <= 255, where,
        "noise needs pgd_steps of at least 1 and a step_size in 1/255 above 0, got ", p.pgd_steps, " and ",
        p.step_size);
  check(p.noise_batches > 0 || (p.noise_share > 0 && p.noise_share <= 1), where,
        "noise_share is the share of the set that a pass visits, above 0 and at most 1, got ", p.noise_share);
  check(p.restarts >= 1 && (p.restarts == 1 || p.surrogate_steps == 0), where,
        "restarts of the noise need a surrogate that does not train with it; set surrogate_steps to 0 or "
        "restarts to 1");
  check((p.attack_radius > 0) == (p.attack_steps > 0) && (p.attack_radius > 0) == (p.attack_step_size > 0),
        where, "attack_radius, attack_steps and attack_step_size belong together, got ", p.attack_radius,
        ", ", p.attack_steps, " and ", p.attack_step_size);
  check(p.samples == 1 || p.augment_noise, where, "samples are of augmentations; set augment_noise");
  check((p.objective == NoiseObjective::clusters) == (p.unit == NoiseUnit::cluster), where,
        "the objective clusters and the unit cluster belong together");
  check(p.objective != NoiseObjective::contrastive || (p.augment_noise && p.attack_radius == 0), where,
        "the contrastive objective compares augmented views: set augment_noise, and no attack_radius");
  check(p.objective_weight >= 0 && p.separability >= 0 && p.objective_weight + p.separability > 0, where,
        "objective_weight and separability are not negative, and one of them is above 0, got ",
        p.objective_weight, " and ", p.separability);
  check(p.stop_error == 0 || p.objective == NoiseObjective::supervised, where,
        "stop_error counts wrong classes, which only the supervised objective has");
  check(p.target_shift == 0 || p.objective != NoiseObjective::contrastive, where,
        "target_shift is of classes or clusters, and the contrastive objective has none");
}

T2UE_INLINE void check_noise_training(const NoiseTablePolicy& policy, const TrainRecipe& recipe,
                                      const PairDataset& data, bool learns_captions) {
  constexpr const char* where = "noise";
  check_noise_policy(policy);
  check(!recipe.mixes_labels() && recipe.ema_decay == 0.0f, where,
        "mixes no pictures and keeps no average of the weights: mixup_alpha, cutmix_alpha and ema_decay must "
        "be 0");
  check(recipe.policy == PolicyKind::none, where,
        "adds noise to pictures as they are, before any change of them; policy must be none, is ",
        name_of(recipe.policy));
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
