// Policies of augmentation: what they draw, and that it changes pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <errors.hpp>
#include <set>

#include <t2ue/data/image/picture_policy.hpp>
#include <t2ue/data/image/plasma.hpp>

namespace t2ue {
namespace {

using testing_errors::expect_error;

/// A smooth picture with some grain.
std::vector<uint8_t> grainy(int size, uint64_t item = 0) {
  std::vector<uint8_t> pixels;
  Random random(3, Purpose::test, item);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      for (int c = 0; c < 3; ++c)
        pixels.push_back(static_cast<uint8_t>(
            std::clamp(60 + 4 * x + y * c + static_cast<int>(random.below(40)), 0, 255)));
  return pixels;
}
double mean_change(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

std::vector<std::string> active_policies() {
  const std::vector<std::string> names = kind_names<AugmentationPolicy>();
  return {names.begin() + 1, names.end()};
}
class Policy : public testing::TestWithParam<std::string> {
 protected:
  PicturePolicy policy{kind_named<AugmentationPolicy>(GetParam()), 5};
  std::vector<uint8_t> changed(std::vector<uint8_t> pixels, int size, uint64_t item) const {
    policy.apply({pixels, size, size}, item);
    return pixels;
  }
};

// Pitfall 23: no defence may be a no-op. Some draws are, by their definition.
TEST_P(Policy, ChangesPixelsOfMostPictures) {
  const int size = 24, pictures = 200;
  double total = 0;
  int unchanged = 0;
  for (int i = 0; i < pictures; ++i) {
    const std::vector<uint8_t> before = grainy(size, static_cast<uint64_t>(i));
    const double change = mean_change(before, changed(before, size, static_cast<uint64_t>(i)));
    total += change;
    unchanged += change == 0;
  }
  EXPECT_GT(total / pictures, 5.0) << "in steps of 1/255";
  EXPECT_LT(unchanged, pictures * 4 / 10);
}

TEST_P(Policy, IsDrawnBySeedAndItem) {
  const int size = 24;
  const std::vector<uint8_t> before = grainy(size);
  std::set<std::vector<uint8_t>> results;
  for (uint64_t item = 0; item < 40; ++item) {
    results.insert(changed(before, size, item));
    EXPECT_EQ(changed(before, size, item), changed(before, size, item));
  }
  EXPECT_GT(results.size(), 15u);
  int others = 0;
  for (uint64_t item = 0; item < 40; ++item) {
    const std::vector<uint8_t> one = changed(before, size, item);
    ++policy.seed;
    others += changed(before, size, item) != one;
    --policy.seed;
  }
  EXPECT_GT(others, 20);
}

TEST_P(Policy, AllPicturesAreEachAsAlone) {
  const int size = 24, pictures = 16;  // enough for two threads
  std::vector<uint8_t> all;
  for (uint64_t i = 0; i < pictures; ++i) {
    const std::vector<uint8_t> one = grainy(size, i);
    all.insert(all.end(), one.begin(), one.end());
  }
  policy.apply_to_all(all, size, 100);
  const size_t bytes = all.size() / pictures;
  for (size_t i = 0; i < pictures; ++i)
    EXPECT_EQ(std::vector<uint8_t>(all.begin() + static_cast<int64_t>(i * bytes),
                                   all.begin() + static_cast<int64_t>((i + 1) * bytes)),
              changed(grainy(size, i), size, 100 + i));
  expect_error([&] { policy.apply_to_all(std::span(all).subspan(1), size, 0); }, {"whole number"});
}

TEST_P(Policy, TakesPicturesOfAnyShape) {
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{{1, 1}, {1, 7}, {2, 2}, {5, 3}})
    for (uint64_t item = 0; item < 60; ++item) {
      std::vector<uint8_t> pixels(static_cast<size_t>(height * width * 3), 200);
      EXPECT_NO_THROW(policy.apply({pixels, height, width}, item));
    }
}

INSTANTIATE_TEST_SUITE_P(All, Policy, testing::ValuesIn(active_policies()), [](const auto& name) {
  std::string text = name.param;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

TEST(Policies, NamesAndNothing) {
  for (const std::string& name : kind_names<AugmentationPolicy>())
    EXPECT_EQ(name_of(kind_named<AugmentationPolicy>(name)), name);
  expect_error([] { kind_named<AugmentationPolicy>("magic"); }, {"'magic'", "auto-augment"});
  std::vector<uint8_t> pixels = grainy(8);
  PicturePolicy{}.apply_to_all(pixels, 8, 0);
  EXPECT_EQ(pixels, grainy(8));
}

// The tables of torchvision for pictures of 32 pixels.
TEST(Policies, MagnitudesAreThePublishedOnes) {
  using enum PictureOp;
  const auto one = [](const char* policy, PictureOp op, int index, bool negative = false) {
    return policy_magnitude(kind_named<AugmentationPolicy>(policy), op, index, negative, 32);
  };
  EXPECT_EQ(one("auto-augment", translate_x, 9), 14);
  EXPECT_EQ(one("auto-augment", translate_y, 3, true), -4);
  EXPECT_EQ(one("rand-augment", translate_y, 9), 4);
  EXPECT_EQ(one("trivial-augment", translate_x, 15, true), -16);
  EXPECT_FLOAT_EQ(one("auto-augment", rotate, 2), 20.0f / 3.0f);
  EXPECT_EQ(one("trivial-augment", rotate, 30, true), -135);
  EXPECT_FLOAT_EQ(one("auto-augment", shear_y, 8), 0.8f / 3.0f);
  EXPECT_FLOAT_EQ(one("trivial-augment", shear_x, 30), 0.99f);
  EXPECT_FLOAT_EQ(one("auto-augment", brightness, 6), 1.6f);
  EXPECT_FLOAT_EQ(one("auto-augment", color, 9, true), 0.1f);
  EXPECT_FLOAT_EQ(one("rand-augment", sharpness, 9), 1.27f);
  EXPECT_EQ(one("auto-augment", posterize, 7), 5);
  EXPECT_EQ(one("rand-augment", posterize, 9), 7);
  EXPECT_EQ(one("trivial-augment", posterize, 30), 2);
  EXPECT_FLOAT_EQ(one("auto-augment", solarize, 2), 595.0f / 3.0f);
  EXPECT_EQ(one("trivial-augment", solarize, 30), 0);
  expect_error([&] { one("auto-augment", rotate, 10); }, {"10", "0..9"});
  expect_error([&] { one("ueraser", rotate, 1); }, {"ueraser"});
}

TEST(PlasmaMap, RoughnessIsHowMuchNeighboursDiffer) {
  const auto roughness_of = [](float roughness) {
    Random random(4, Purpose::test);
    const std::vector<uint16_t> map = plasma_map(33, 33, roughness, random);
    double sum = 0;
    for (size_t i = 0; i + 1 < map.size(); ++i) sum += std::abs(map[i] - map[i + 1]);
    return sum / static_cast<double>(map.size());
  };
  EXPECT_LT(roughness_of(0), 6000);
  EXPECT_LT(roughness_of(0), 0.7 * roughness_of(0.5f));
  EXPECT_NEAR(roughness_of(1), 65535 / 3.0, 1500) << "independent uniform numbers";
}

TEST(PlasmaMap, WithoutRoughnessMidpointsAreMeans) {
  Random random(4, Purpose::test);
  const std::vector<uint16_t> map = plasma_map(5, 5, 0, random);
  // Nine random points two apart; the centres of their squares are means, rounded down.
  const auto at = [&](int y, int x) { return int{map[static_cast<size_t>(y * 5 + x)]}; };
  for (const int y : {1, 3})
    for (const int x : {1, 3})
      EXPECT_EQ(at(y, x), (at(y - 1, x - 1) + at(y - 1, x + 1) + at(y + 1, x - 1) + at(y + 1, x + 1)) / 4);
  EXPECT_EQ(at(0, 1), (at(0, 0) + at(0, 2) + at(1, 1)) / 3);
}

TEST(PlasmaMap, OptionsOutOfRangeAreRefused) {
  Random random(4, Purpose::test);
  expect_error([&] { plasma_map(0, 3, 0.5f, random); }, {"0 x 3"});
  expect_error([&] { plasma_map(3, 3, 1.5f, random); }, {"1.5"});
}

TEST(Plasma, BrightnessAndContrastKeepToTheirRange) {
  std::vector<uint8_t> pixels = grainy(16);
  Random random(4, Purpose::test);
  plasma_brightness({pixels, 16, 16}, 0.5f, 0, random);
  EXPECT_EQ(pixels, grainy(16)) << "intensity 0";
  std::vector<uint8_t> middle(16 * 16 * 3, 128), bright = middle;
  plasma_brightness({bright, 16, 16}, 0.5f, 0.25f, random);
  for (const uint8_t value : bright) EXPECT_LE(std::abs(value - 128), 64);
  EXPECT_GT(mean_change(bright, middle), 5);
  plasma_contrast({middle, 16, 16}, 0.5f, random);
  for (const uint8_t value : middle) EXPECT_LE(std::abs(value - 127.5), 2.5) << "mid-grey stays";
}

}  // namespace
}  // namespace t2ue
