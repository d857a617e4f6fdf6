#pragma once

#include <algorithm>

#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/noise/budget.hpp>

namespace t2ue {

namespace detail {

/// SGD as the codes for CIFAR-10 have it: rate 0.1, momentum 0.9, decay 5e-4, gradients clipped at 5.
inline TrainRecipe classifier_surrogate(bool augmented) {
  TrainRecipe recipe;
  recipe.batch = 128;
  recipe.learning_rate = 0.1f;
  recipe.optimizer = {
      .kind = OptimizerConfig::Kind::sgd, .momentum = 0.9f, .weight_decay = 5e-4f, .max_norm = 5.0f};
  recipe.translation = augmented ? 4 : 0;
  recipe.flip = augmented;
  return recipe;
}

/// SimCLR's views, as far as the augmentation has them.
inline TrainRecipe contrastive_surrogate() {
  TrainRecipe recipe = classifier_surrogate(true);
  recipe.translation = 0;
  recipe.min_area = 0.2f;
  recipe.brightness = recipe.contrast = recipe.saturation = 0.4f;
  recipe.grayscale = 0.2f;
  return recipe;
}

/// AdamW as the multimodal codes have it, without augmentation.
inline TrainRecipe clip_surrogate() {
  TrainRecipe recipe;
  recipe.batch = 128;
  recipe.learning_rate = 1e-4f;
  recipe.optimizer.weight_decay = 0.2f;
  recipe.translation = 0;
  recipe.flip = false;
  return recipe;
}

}  // namespace detail

T2UE_INLINE const std::vector<SurrogateMethod>& surrogate_methods() {
  using enum NoiseUnit;
  static const std::vector<SurrogateMethod> methods{
      {"em", "error-minimising noise, made in turns with its surrogate", false, {sample, label}},
      {"error_max", "error-maximising noise against a clean surrogate", false, {sample, label}},
      {"tap", "noise that a clean surrogate takes for the next class", false, {sample, label}},
      {"rem", "error-minimising noise that holds under adversarial training", false, {sample, label}},
      {"tue", "noise that contrastive learning takes and that tells classes apart", false, {sample}},
      {"cp", "noise that makes contrastive learning easy", false, {label, sample}},
      {"uc", "a noise a cluster, towards the next cluster's centre; no labels", false, {cluster}},
      {"clip_em", "em with CLIP's contrastive loss", true, {sample}},
      {"clip_tap", "error-maximising noise against a clean CLIP", true, {sample}},
      {"mem3",
       "clip_em beside 3 trigger tokens a caption; the noise is published, the tokens if asked for",
       true,
       {sample}},
      {"mem5",
       "clip_em beside 5 trigger tokens a caption; the noise is published, the tokens if asked for",
       true,
       {sample}},
  };
  return methods;
}

T2UE_INLINE const SurrogateMethod* find_surrogate_method(std::string_view name) {
  const auto& methods = surrogate_methods();
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const SurrogateMethod& method) { return method.name == name; });
  return found == methods.end() ? nullptr : &*found;
}

T2UE_INLINE SurrogatePreset surrogate_preset(const SurrogateMethod& method, NoiseUnit unit) {
  std::string known;
  for (const NoiseUnit other : method.units) known += concat(known.empty() ? "" : " or ", name_of(other));
  check(std::find(method.units.begin(), method.units.end(), unit) != method.units.end(), method.name,
        "its unit is ", known, ", not ", name_of(unit));
  const bool by_sample = unit == NoiseUnit::sample;
  SurrogatePreset preset{{}, detail::classifier_surrogate(true)};
  NoiseTablePolicy& p = preset.policy;
  if (method.name == "em") {
    p.rounds = 100, p.surrogate_steps = 10;
    p.pgd_steps = by_sample ? 20 : 1;
    p.stop_error = by_sample ? 0.01 : 0.1;
    p.noise_share = by_sample ? 1 : 0.2;
    preset.recipe = detail::classifier_surrogate(false);
  } else if (method.name == "error_max") {
    p.direction = NoiseDirection::max;
    p.pretrain_epochs = 40, p.pgd_steps = 20;
  } else if (method.name == "tap") {
    p.start = NoiseStart::uniform;
    p.target_shift = 1, p.pretrain_epochs = 40;
    p.pgd_steps = 250, p.step_size = 0.4f, p.restarts = 8;
    p.augment_noise = true;
  } else if (method.name == "rem") {
    p.rounds = 5000, p.surrogate_steps = 1, p.decay_every = 2000;
    p.noise_first = true, p.noise_batches = 1, p.final_passes = 1;
    p.pgd_steps = 10, p.step_size = 1.6f;
    p.augment_noise = true, p.samples = 5;
    p.attack_radius = 4, p.attack_steps = 10, p.attack_step_size = 0.8f;
  } else if (method.name == "tue") {
    p.objective = NoiseObjective::contrastive;
    p.start = NoiseStart::uniform;  // from zero, where all centres coincide, separability has no gradient
    p.surrogate_mode = SurrogateMode::training;
    p.augment_noise = true, p.temperature = 0.2f, p.separability = 1;
    p.rounds = 40, p.surrogate_steps = 20, p.pgd_steps = 20;
    preset.recipe = detail::contrastive_surrogate();
  } else if (method.name == "cp") {
    p.objective = NoiseObjective::contrastive;
    p.surrogate_mode = SurrogateMode::training;
    p.augment_noise = true;
    // Class-wise: 1,000 epochs of CIFAR-10, 20 steps of each in turns. Sample-wise: an epoch a round.
    p.rounds = by_sample ? 200 : 20000;
    p.surrogate_steps = by_sample ? 390 : 20;
    p.noise_batches = by_sample ? 0 : 20;
    p.pgd_steps = by_sample ? 5 : 1;
    preset.recipe = detail::contrastive_surrogate();
  } else if (method.name == "uc") {
    p.objective = NoiseObjective::clusters;
    p.target_shift = 1, p.pretrain_epochs = 40, p.rounds = 50;
    preset.recipe = detail::contrastive_surrogate();
  } else if (method.name == "clip_em") {
    p.rounds = 5, p.surrogate_steps = 50;
    p.pgd_steps = 8, p.step_size = 1;
    preset.recipe = detail::clip_surrogate();
  } else if (method.name == "clip_tap") {
    p.direction = NoiseDirection::max;
    p.pretrain_epochs = 32, p.pgd_steps = 8, p.step_size = 1;
    preset.recipe = detail::clip_surrogate();
  } else if (method.name == "mem3" || method.name == "mem5") {
    p.rounds = 20, p.surrogate_steps = 200;
    p.pgd_steps = 8, p.step_size = 1;
    p.shuffle_captions = true;
    p.trigger_tokens = method.name == "mem3" ? 3 : 5;
    preset.recipe = detail::clip_surrogate();
  }
  p.unit = unit;
  return preset;
}

T2UE_INLINE const char* default_surrogate(const SurrogateMethod& method) {
  return method.reads_captions ? "emoji-resnet" : "resnet18";
}

T2UE_INLINE MethodCard surrogate_card(const SurrogateMethod& method, NoiseUnit unit, int eps_steps) {
  const SurrogatePreset preset = surrogate_preset(method, unit);
  const bool supervised = preset.policy.objective == NoiseObjective::supervised;
  MethodCard card;
  card.name = method.name;
  card.summary = method.summary;
  card.needs_image = true;
  card.needs_label =
      unit == NoiseUnit::label || preset.policy.separability > 0 || (supervised && !method.reads_captions);
  card.needs_text = method.reads_captions;
  card.eps = linf_budget(method.name, eps_steps).eps;
  card.surrogate = method.reads_captions ? "a CLIP for every data set" : "a classifier for every data set";
  card.independence = Independence::image_needed;
  card.cost = CostClass::surrogate;
  return card;
}

}  // namespace t2ue
