#include <t2ue/optim/named_recipes.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;

TEST(NamedRecipes, SoundIsTheDefault) {
  for (const RecipeModel model : {RecipeModel::clip, RecipeModel::classifier}) {
    EXPECT_EQ(to_json(named_recipe("sound", model)), to_json(TrainRecipe{}));
    EXPECT_EQ(to_json(train_recipe_of(nlohmann::json::object(), model)), to_json(TrainRecipe{}));
    EXPECT_EQ(to_json(train_recipe_of("sound", model)), to_json(TrainRecipe{}));
  }
}

TEST(NamedRecipes, PaperForClassifiers) {
  const TrainRecipe recipe = train_recipe_of("paper", RecipeModel::classifier);
  EXPECT_EQ(recipe.epochs, 100);
  EXPECT_EQ(recipe.batch, 128);
  EXPECT_EQ(recipe.optimizer.kind, OptimizerConfig::Kind::sgd);
  EXPECT_EQ(recipe.optimizer.momentum, 0.9f);
  EXPECT_EQ(recipe.optimizer.weight_decay, 5e-4f);
  EXPECT_TRUE(recipe.flip);
  EXPECT_EQ(recipe.translation, 4);
  // Cosine from the first step to the last: half the rate in the middle, and no second rise.
  const Schedule schedule = recipe.schedule(1000);
  EXPECT_FLOAT_EQ(schedule.at(0), 0.1f);
  EXPECT_FLOAT_EQ(schedule.at(500), 0.05f);
  for (int64_t step = 1; step < 1000; ++step) ASSERT_LE(schedule.at(step), schedule.at(step - 1));
  EXPECT_LT(schedule.at(999), 1e-6f);
}

TEST(NamedRecipes, PaperForClipNeedNotLeaveItsWarmUp) {
  const TrainRecipe recipe = train_recipe_of("paper", RecipeModel::clip);
  EXPECT_EQ(recipe.epochs, 32);
  EXPECT_EQ(recipe.batch, 128);
  EXPECT_EQ(recipe.optimizer.kind, OptimizerConfig::Kind::adamw);
  EXPECT_EQ(recipe.optimizer.weight_decay, 0.2f);
  EXPECT_EQ(recipe.translation, 0);
  EXPECT_FALSE(recipe.flip);
  // Flickr8k: 234 steps an epoch.
  EXPECT_FLOAT_EQ(recipe.schedule(234 * 32).at(234 * 32 - 1), 5e-4f * 0.7488f);
  // Flickr30k: 1132.
  const Schedule longer = recipe.schedule(1132 * 32);
  EXPECT_FLOAT_EQ(longer.at(4999), 2.5e-4f);
  EXPECT_FLOAT_EQ(longer.at(10'000), 5e-4f);
  EXPECT_LT(longer.at(1132 * 32 - 1), 1e-9f);
}

TEST(NamedRecipes, ObjectsChangeTheirBase) {
  const TrainRecipe changed =
      train_recipe_of({{"base", "paper"}, {"epochs", 7}, {"warmup_steps", 20}}, RecipeModel::classifier);
  TrainRecipe expected = named_recipe("paper", RecipeModel::classifier);
  expected.epochs = 7;
  expected.warmup_steps = 20;
  EXPECT_EQ(to_json(changed), to_json(expected));
  EXPECT_EQ(to_json(train_recipe_from_json(to_json(changed))), to_json(changed));
  EXPECT_EQ(changed.schedule(1000).warmup, 20);
}

TEST(NamedRecipes, MistakesAreNamed) {
  const auto of = [](const nlohmann::json& given) {
    return [=] { train_recipe_of(given, RecipeModel::clip); };
  };
  expect_error(of("papers"), {"'papers'", "sound, paper"});
  expect_error(of({{"base", "none"}}), {"'none'"});
  expect_error(of({{"base", 3}}), {"'base'"});
  expect_error(of(7), {"a name or an object", "number"});
  expect_error(of({{"base", "paper"}, {"epoch", 3}}), {"'epoch'"});
  expect_error(of({{"warmup_steps", -1}}), {"'warmup_steps'"});
}

}  // namespace
}  // namespace t2ue
