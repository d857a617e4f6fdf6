#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <errors.hpp>
#include <set>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/eval/defences.hpp>

namespace t2ue {
namespace {

using testing_errors::expect_error;

/// A smooth picture with some grain: no defence leaves it as it is.
Image grainy(int size = 24) {
  Image image{size, size, 3, {}, {}, {}, 1};
  Random random(3, Purpose::test);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      for (int c = 0; c < 3; ++c)
        image.pixels.push_back(static_cast<uint8_t>(
            std::clamp(40 + 5 * x + 2 * y * c + static_cast<int>(random.below(40)), 0, 255)));
  return image;
}

double mean_change(const Image& a, const Image& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(int{a.pixels[i]} - int{b.pixels[i]});
  return sum / static_cast<double>(a.pixels.size());
}

std::vector<std::string> picture_defences() {
  std::vector<std::string> names;
  for (const std::string& name : defence_names())
    if (!is_training_defence(name) && name != "projection") names.push_back(name);
  return names;
}

/// 60 grainy pictures of two classes that differ by a step pattern of 8.
PairDataset two_classes() {
  PairDataset data;
  data.size = 24;
  data.label_names = {"a", "b"};
  for (int i = 0; i < 60; ++i) {
    data.keys.push_back(std::to_string(i));
    data.labels.push_back(i % 2);
    Image image = grainy();
    Random random(4, Purpose::test, static_cast<uint64_t>(i));
    for (size_t p = 0; p < image.pixels.size(); ++p) {
      const int moved =
          image.pixels[p] + static_cast<int>(random.below(9)) + (i % 2 == 0 && p % 7 < 3 ? 8 : 0);
      data.pixels.push_back(static_cast<uint8_t>(std::min(moved, 255)));
    }
  }
  return data;
}

class PictureDefence : public testing::TestWithParam<std::string> {};

// Pitfall 23: a published benchmark's Gaussian filter was the identity.
TEST_P(PictureDefence, ChangesPixelsAndIsDeterministic) {
  const Image image = grainy();
  const Image defended = defend_picture(image, GetParam(), 1, 7);
  EXPECT_EQ(defended.height, image.height);
  EXPECT_EQ(defended.width, image.width);
  ASSERT_EQ(defended.pixels.size(), image.pixels.size());
  EXPECT_GT(mean_change(image, defended), 1.0) << "in steps of 1/255";
  EXPECT_EQ(defend_picture(image, GetParam(), 1, 7).pixels, defended.pixels);
}

INSTANTIATE_TEST_SUITE_P(All, PictureDefence, testing::ValuesIn(picture_defences()), [](const auto& name) {
  std::string text = name.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST(Defences, ProjectionChangesTheWholeSetAndNeedsIt) {
  PairDataset data = two_classes();
  const std::vector<uint8_t> before = data.pixels;
  defend_pictures(data, "projection", 1);
  double change = 0;
  for (size_t i = 0; i < before.size(); ++i) change += std::abs(int{before[i]} - int{data.pixels[i]});
  EXPECT_GT(change / static_cast<double>(before.size()), 1.0) << "in steps of 1/255";
  PairDataset again = two_classes();
  defend_pictures(again, "projection", 1);
  EXPECT_EQ(again.pixels, data.pixels);
  expect_error([] { defend_picture(grainy(), "projection", 0, 0); }, {"all pictures"});
  expect_error([] { defend_recipe({}, "projection", 32, false); }, {"captions"});
}

// Those that draw a policy: what it does to pictures is tested with it, here that the recipe uses it at all.
class PolicyDefence : public testing::TestWithParam<std::string> {};
TEST_P(PolicyDefence, ChangesPixels) {
  const TrainRecipe recipe = defend_recipe({}, GetParam(), 24, false);
  const PicturePolicy policy{recipe.augmentation_policy, 1};
  double total = 0;
  for (uint64_t item = 0; item < 100; ++item) {
    Image changed = grainy();
    policy.apply({changed.pixels, changed.height, changed.width}, item);
    total += mean_change(grainy(), changed) / 100;
  }
  EXPECT_GT(total, 1.0) << "in steps of 1/255";
}
INSTANTIATE_TEST_SUITE_P(All, PolicyDefence,
                         testing::Values("auto-augment", "rand-augment", "trivial-augment", "ueraser",
                                         "ueraser-max"),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

TEST(Defences, UeraserMaxIsTheWorstOfFiveDraws) {
  TrainRecipe mixing;
  mixing.mixup_alpha = 1;
  const TrainRecipe recipe = defend_recipe(mixing, "ueraser-max", 24, true);
  EXPECT_EQ(recipe.augmentation_policy, AugmentationPolicy::ueraser);
  EXPECT_EQ(recipe.augmentation_draws, 5);
  EXPECT_EQ(train_recipe_from_json(to_json(recipe)).augmentation_draws, 5) << "mixup is off";
}

TEST(Defences, OnlyGreyGoesWithTheVictimToItsMeasurement) {
  for (const std::string& name : defence_names()) {
    PairDataset data = two_classes();
    const std::vector<uint8_t> before = data.pixels;
    prepare_measured(data, name);
    EXPECT_EQ(data.pixels != before, name == "gray") << name;
    if (name != "gray") continue;
    for (size_t p = 0; p < data.pixels.size(); p += 3) ASSERT_EQ(data.pixels[p], data.pixels[p + 2]);
  }
}

TEST(Defences, AdversarialIsTheRecipesAttack) {
  EXPECT_EQ(defend_recipe({}, "adversarial", 24, true).adversarial_radius, 4.0f);
  EXPECT_EQ(defend_recipe({}, "adversarial", 24, false).adversarial_radius, 4.0f) << "of captions, too";
  EXPECT_TRUE(is_training_defence("adversarial"));
}

TEST(Defences, GrayIsLumaInEveryChannel) {
  const Image image = grainy();
  const Image gray = defend_picture(image, "gray", 0, 0);
  for (size_t p = 0; p < image.pixels.size(); p += 3) {
    const double luma = 0.299 * image.pixels[p] + 0.587 * image.pixels[p + 1] + 0.114 * image.pixels[p + 2];
    for (size_t c = 0; c < 3; ++c) EXPECT_LE(std::abs(gray.pixels[p + c] - luma), 0.5 + 1e-9);
  }
}

TEST(Defences, BitsLeaveThatManyLevels) {
  Image ramp{16, 16, 3, {}, {}, {}, 1};
  for (int i = 0; i < 256; ++i) ramp.pixels.insert(ramp.pixels.end(), 3, static_cast<uint8_t>(i));
  for (const int bits : {2, 3}) {
    const Image fewer = defend_picture(ramp, "bits-" + std::to_string(bits), 0, 0);
    const std::set<uint8_t> levels(fewer.pixels.begin(), fewer.pixels.end());
    EXPECT_EQ(levels.size(), size_t{1} << bits);
    EXPECT_EQ(*levels.begin(), 0);
    EXPECT_EQ(*levels.rbegin(), 255);
  }
}

TEST(Defences, BlurIsTheGaussianOfSigmaOne) {
  const Image image = grainy();
  const Image blurred = defend_picture(image, "blur", 0, 0);
  double weights[5], total = 0;
  for (int d = -2; d <= 2; ++d) total += weights[d + 2] = std::exp(-d * d / 2.0);
  const auto at = [&](int y, int x, int c) {
    y = std::clamp(y, 0, image.height - 1), x = std::clamp(x, 0, image.width - 1);
    return double{static_cast<double>(image.pixels[static_cast<size_t>((y * image.width + x) * 3 + c)])};
  };
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int i = 0; i < 5; ++i)
          for (int j = 0; j < 5; ++j)
            sum += weights[i] * weights[j] / (total * total) * at(y + i - 2, x + j - 2, c);
        // Weights in 1/1024 are off by at most half of that each, and the sum is rounded to nearest.
        EXPECT_NEAR(blurred.pixels[static_cast<size_t>((y * image.width + x) * 3 + c)], sum, 1.2);
      }
}

TEST(Defences, MedianDropsASpeck) {
  Image flat{9, 9, 3, std::vector<uint8_t>(9 * 9 * 3, 90), {}, {}, 1};
  flat.pixels[(4 * 9 + 4) * 3] = 255;
  EXPECT_EQ(defend_picture(flat, "median", 0, 0).pixels, std::vector<uint8_t>(9 * 9 * 3, 90));
}

TEST(Defences, NoiseIsBoundedAndOfItsItem) {
  const Image image = grainy();
  const Image one = defend_picture(image, "noise", 1, 1), other = defend_picture(image, "noise", 1, 2);
  EXPECT_NE(one.pixels, other.pixels);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    EXPECT_LE(std::abs(int{one.pixels[i]} - int{image.pixels[i]}), 8);
}

TEST(Defences, JpegLosesMoreTheLowerItsQuality) {
  const Image image = grainy();
  double before = 0;
  for (const char* name : {"jpeg-75", "jpeg-50", "jpeg-30", "jpeg-10"}) {
    const double change = mean_change(image, defend_picture(image, name, 0, 0));
    EXPECT_GT(change, before) << name;
    before = change;
  }
}

TEST(Defences, RecipesChangeWhereTheyShould) {
  const TrainRecipe recipe;
  EXPECT_EQ(defend_recipe(recipe, "cutout", 32, true).cutout, 16);
  EXPECT_EQ(defend_recipe(recipe, "mixup", 32, true).mixup_alpha, 1.0f);
  EXPECT_EQ(defend_recipe(recipe, "cutmix", 32, true).cutmix_alpha, 1.0f);
  EXPECT_EQ(defend_recipe(defend_recipe(recipe, "mixup", 32, true), "cutmix", 32, true).mixup_alpha, 0.0f);
  EXPECT_LT(defend_recipe(recipe, "crop-flip", 32, true).min_area, 1.0f);
  EXPECT_GT(defend_recipe(recipe, "gray-half", 32, true).grayscale, 0.0f);
  expect_error([&] { defend_recipe(recipe, "mixup", 32, false); }, {"labels"});
  expect_error([&] { defend_recipe(recipe, "cutmix", 32, false); }, {"labels"});
  expect_error([&] { defend_picture(grainy(), "mixup", 0, 0); }, {"mixup"});
  expect_error([&] { defend_picture(grainy(), "prayer", 0, 0); }, {"prayer"});
}

}  // namespace
}  // namespace t2ue
