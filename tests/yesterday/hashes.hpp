// Hashes that name what was trained: of recipes, policies and configurations, by name and with every field
// set.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/methods/word_patterns_training.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/named_recipes.hpp>
#include <t2ue/report/results_table.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue::testing_yesterday {

/// A recipe of whose fields none is at its default; of mixup and CutMix only the second can be on.
inline TrainRecipe every_field_of_a_recipe() {
  return train_recipe_from_json(nlohmann::json::parse(R"({
    "epochs": 5, "batch": 24, "rate": 0.0123, "warmup_share": 0.25, "warmup_steps": 77, "optimizer": "sgd",
    "beta1": 0.81, "beta2": 0.987, "momentum": 0.77, "decay": 0.033, "max_norm": 2.5, "min_area": 0.41,
    "shift": 3, "flip": false, "brightness": 0.11, "contrast": 0.22, "saturation": 0.33, "grayscale": 0.44,
    "cutout": 6, "mixup_alpha": 0, "cutmix_alpha": 0.7, "policy": "ueraser", "ema_decay": 0.995,
    "adversarial_radius": 3.5, "adversarial_steps": 4, "seed": 99})"));
}

/// Every hash by what it is of.
inline std::map<std::string, std::string> hashes() {
  std::map<std::string, std::string> of;
  for (const char* name : {"sound", "paper"}) {
    of[concat("recipe ", name, " clip")] = recipe_hash(to_json(named_recipe(name, RecipeModel::clip)));
    of[concat("recipe ", name, " classifier")] =
        recipe_hash(to_json(named_recipe(name, RecipeModel::classifier)));
  }
  of["recipe default"] = recipe_hash(to_json(TrainRecipe{}));
  of["recipe every field"] = recipe_hash(to_json(every_field_of_a_recipe()));
  of["recipe mixup, worst of draws"] =
      recipe_hash(to_json(train_recipe_from_json({{"policy", "rand-augment"}, {"policy_draws", 3}}))) +
      recipe_hash(to_json(train_recipe_from_json({{"mixup_alpha", 0.3}, {"optimizer", "adam"}})));
  of["recipe word_patterns"] = recipe_hash(to_json(word_patterns_recipe()));
  of["policy bilevel default"] = recipe_hash(to_json(BiLevelPolicy{}));
  of["policy word_patterns"] = recipe_hash(to_json(word_patterns_policy()));
  of["policy bilevel every field"] = recipe_hash(to_json(bilevel_policy_from_json(nlohmann::json::parse(R"({
    "rounds": 7, "surrogate_steps": 3, "noise_steps": 2, "surrogates": 4, "restart_every": 5, "noise_rate": 0.004,
    "noise_warmup_share": 0.3, "noise_schedule": "constant", "noise_optimizer": "adamw", "noise_beta1": 0.3,
    "noise_beta2": 0.8, "noise_decay": 0.02, "fresh_latents": true, "warm_steps": 9, "warm_rate": 0.007,
    "warm_share": 0.7, "final_share": 0.6})"))));
  for (const std::string& name : clip_config_names())
    of["clip " + name] = recipe_hash(to_json(clip_config(name)));
  for (const std::string& name : classifier_config_names())
    of["classifier " + name] = recipe_hash(to_json(classifier_config(name)));
  for (const std::string& name : generator_config_names())
    of["generator " + name] = recipe_hash(to_json(generator_config(name)));
  for (const SurrogateMethod& method : surrogate_methods())
    for (const NoiseUnit unit : method.units) {
      const SurrogatePreset preset = surrogate_preset(method, unit);
      of[concat("method ", method.name, " unit ", static_cast<int>(unit))] =
          recipe_hash(to_json(preset.policy)) + recipe_hash(to_json(preset.recipe));
    }
  return of;
}

}  // namespace t2ue::testing_yesterday
