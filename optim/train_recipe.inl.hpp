#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

T2UE_INLINE TrainRecipe train_recipe_from_json(const nlohmann::json& json, const TrainRecipe& defaults) {
  return with_json(defaults, json, "recipe");
}

T2UE_INLINE nlohmann::json to_json(const TrainRecipe& recipe) {
  TrainRecipe copy = recipe;
  return write_fields(fields_of(copy, "recipe"));
}

}  // namespace t2ue
