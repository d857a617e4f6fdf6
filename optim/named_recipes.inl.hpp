#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/optim/named_recipes.hpp>

namespace t2ue {

T2UE_INLINE TrainRecipe named_recipe(const std::string& name, RecipeModel model) {
  TrainRecipe recipe;
  if (name == "sound") return recipe;
  check(name == "paper", "recipe", "unknown recipe '", name, "'; one of: sound, paper");
  recipe.batch = 128;
  recipe.warmup_share = 0;
  if (model == RecipeModel::classifier) {
    recipe.epochs = 100;
    recipe.learning_rate = 0.1f;
    recipe.optimizer = {.kind = OptimizerConfig::Kind::sgd, .momentum = 0.9f, .weight_decay = 5e-4f};
  } else {
    recipe.epochs = 32;
    recipe.learning_rate = 5e-4f;
    recipe.warmup_steps = 10'000;
    recipe.optimizer = {
        .kind = OptimizerConfig::Kind::adamw, .beta1 = 0.9f, .beta2 = 0.999f, .weight_decay = 0.2f};
    recipe.translation = 0;
    recipe.flip = false;
  }
  return recipe;
}

T2UE_INLINE TrainRecipe train_recipe_of(const nlohmann::json& json, RecipeModel model) {
  if (json.is_string()) return named_recipe(json.get<std::string>(), model);
  check(json.is_object(), "recipe", "expected a name or an object, got ", json.type_name());
  nlohmann::json changes = json;
  std::string base = "sound";
  if (const auto found = json.find("base"); found != json.end()) {
    check(found->is_string(), "recipe", "'base' has the wrong type: ", found->dump());
    base = found->get<std::string>();
    changes.erase("base");
  }
  return train_recipe_from_json(changes, named_recipe(base, model));
}

}  // namespace t2ue
