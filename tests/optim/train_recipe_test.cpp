#include "training/tiny.hpp"

#include <map>

namespace t2ue {
namespace {

using namespace testing_optim;

TEST(TrainRecipe, JsonRoundTrip) {
  TrainRecipe recipe = tiny_recipe();
  recipe.brightness = 0.25f, recipe.contrast = 0.5f, recipe.saturation = 0.75f, recipe.grayscale = 0.125f;
  recipe.cutout = 7, recipe.mixup_alpha = 0.5f;
  const nlohmann::json json = to_json(recipe);
  EXPECT_EQ(to_json(train_recipe_from_json(json)), json);
  const AugmentOptions options = train_recipe_from_json(json).augmentation(pixel_norm);
  EXPECT_EQ(options.brightness, 0.25f);
  EXPECT_EQ(options.contrast, 0.5f);
  EXPECT_EQ(options.saturation, 0.75f);
  EXPECT_EQ(options.grayscale, 0.125f);
  EXPECT_EQ(options.cutout, 7);
}

// Hashes of recipes, and with them finished cells of benchmarks, must outlive members that came later.
TEST(TrainRecipe, LaterMembersAreLeftOutWhereTheyAreOff) {
  TrainRecipe recipe;
  for (const char* key : {"cutmix_alpha", "augmentation_policy"})
    EXPECT_FALSE(to_json(recipe).contains(key)) << key;
  recipe.cutmix_alpha = 0.5f, recipe.augmentation_policy = AugmentationPolicy::rand_augment;
  const nlohmann::json json = to_json(recipe);
  EXPECT_EQ(json.at("cutmix_alpha"), 0.5f);
  EXPECT_EQ(json.at("augmentation_policy"), "rand-augment");
  EXPECT_EQ(to_json(train_recipe_from_json(json)), json);
}

TEST(TrainRecipe, MixesInOneWayOnly) {
  EXPECT_THAT(error_of([] {
                train_recipe_from_json({{"mixup_alpha", 1}, {"cutmix_alpha", 1}});
              }),
              testing::HasSubstr("cannot both"));
  EXPECT_THAT(error_of([] {
                train_recipe_from_json({{"augmentation_policy", "magic"}});
              }),
              testing::HasSubstr("'magic'"));
}

TEST(TrainRecipe, ChangesOfPicturesAreOffByDefault) {
  const TrainRecipe recipe = train_recipe_from_json(nlohmann::json::object());
  const AugmentOptions options = recipe.augmentation(pixel_norm);
  EXPECT_FALSE(options.changes_colours());
  EXPECT_EQ(options.cutout, 0);
  EXPECT_EQ(recipe.mixup_alpha, 0);
}

// Hashes of recipes, and with them finished cells of benchmarks, must outlive members that came later.
TEST(TrainRecipe, AdversarialTrainingIsLeftOutWhereItIsOff) {
  TrainRecipe recipe;
  EXPECT_FALSE(to_json(recipe).contains("adversarial_radius"));
  recipe.adversarial_radius = 4, recipe.adversarial_steps = 7;
  EXPECT_EQ(to_json(recipe).at("adversarial_steps"), 7);
  EXPECT_EQ(to_json(train_recipe_from_json(to_json(recipe))), to_json(recipe));
  for (const char* key : {"adversarial_radius", "adversarial_steps"})
    EXPECT_THAT(error_of([&] {
                  train_recipe_from_json({{key, -1}});
                }),
                testing::HasSubstr(concat("'", key, "'")));
}

TEST(TrainRecipe, ValuesOutOfRangeAreNamed) {
  const std::map<std::string, nlohmann::json> wrong{
      {"brightness", -0.1}, {"contrast", 11},      {"saturation", -1}, {"grayscale", 1.5},  {"cutout", -1},
      {"mixup_alpha", 101}, {"translation", 2000}, {"hue", 0.1},       {"cutmix_alpha", -1}};
  for (const auto& [key, value] : wrong)
    EXPECT_THAT(error_of([&] {
                  train_recipe_from_json({{key, value}});
                }),
                testing::HasSubstr("'" + key + "'"));
}

}  // namespace
}  // namespace t2ue
