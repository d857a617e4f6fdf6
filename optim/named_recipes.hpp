// Victim recipes by name.
#pragma once

#include <string>

#include <t2ue/optim/train_recipe.hpp>

namespace t2ue {

/// What a recipe trains.
enum class RecipeModel : uint8_t { clip, classifier };

/// The recipe called `name`; Error listing the names if there is none.
///
/// "sound": TrainRecipe's defaults, for both models.
/// "paper": what the T2UE paper (arXiv 2508.03091) evaluates with.
///   Classifiers, by its section 4.1: SGD, rate 0.1, momentum 0.9, weight decay 5e-4, cosine over all 100
///   epochs, crops (a shift of up to 4 pixels) and flips; batches of 128. Its code's cosine of period 30,
///   after which the rate climbs again, is not copied, nor are its crops of another size than the test
///   pictures; weight decay spares norms and biases here.
///   CLIP, by its code: AdamW, rate 5e-4, betas 0.9 and 0.999, weight decay 0.2, batches of 128, 32 epochs,
///   10,000 steps of warm-up, then cosine to 0, pictures as they are. On a data set of some thousand pictures
///   the whole run lies within the warm-up.
TrainRecipe named_recipe(const std::string& name, RecipeModel model);

/// A recipe as plans give it: a name, or an object of what differs from the recipe that its member "base"
/// names, "sound" if it has none. Error for an unknown name or key, or a value out of range.
TrainRecipe train_recipe_of(const nlohmann::json& json, RecipeModel model);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/named_recipes.inl.hpp>
#endif
