#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <t2ue/methods/class_patches.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/methods/shuffled.hpp>

namespace t2ue {
namespace {

std::vector<NoiseItem> items_of(int count) {
  std::vector<NoiseItem> items;
  for (int i = 0; i < count; ++i) items.push_back({concat("item", i), concat("caption ", i), i % 4, nullptr});
  return items;
}

TEST(RandomSign, IsPlusMinusEpsAndBelongsToTheKey) {
  RandomSign source(16, 24, 8, 1);
  const auto items = items_of(3);
  const auto all = source.make(items);
  ASSERT_EQ(all.size(), 3u);
  for (size_t i = 0; i < all.size(); ++i) {
    check_noise(all[i]);
    EXPECT_EQ(all[i].height, 16);
    EXPECT_EQ(all[i].width, 24);
    for (const int8_t step : all[i].steps) EXPECT_TRUE(step == 8 || step == -8);
    EXPECT_EQ(source.make(std::span(items).subspan(i, 1)).front(), all[i]) << "depends on its batch mates";
  }
  EXPECT_NE(all[0], all[1]);
  EXPECT_NE(RandomSign(16, 24, 8, 2).make(items)[0], all[0]) << "the seed is not used";
  EXPECT_FLOAT_EQ(source.card().eps, 8.0f / 255.0f);
  EXPECT_FALSE(source.card().needs_image || source.card().needs_label || source.card().needs_text);
}

TEST(RandomSign, SignsAreFairAndIndependent) {
  RandomSign source(64, 64, 1, 5);
  const Noise noise = source.make(items_of(1)).front();
  const size_t count = noise.steps.size();
  for (const size_t lag : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, size_t{32}, size_t{192}}) {
    int sum = 0;
    for (size_t i = lag; i < count; ++i) sum += lag ? noise.steps[i] * noise.steps[i - lag] : noise.steps[i];
    EXPECT_LT(std::abs(sum), 5 * 111) << "lag " << lag;  // 5 standard deviations: sqrt(12288) = 111
  }
}

TEST(RandomSign, RefusesNumbersOutOfRange) {
  EXPECT_THROW(RandomSign(0, 8, 8, 1), Error);
  EXPECT_THROW(RandomSign(8, 8, 0, 1), Error);
  EXPECT_THROW(RandomSign(8, 8, 128, 1), Error);
}

TEST(ClassPatches, OnePatternAClassInBlocks) {
  ClassPatches source(20, 32, 8, 8, 1);  // 20 is no multiple of 8
  const auto items = items_of(8);
  const auto noises = source.make(items);
  EXPECT_TRUE(source.card().needs_label);
  EXPECT_EQ(noises[0], noises[4]) << "same class";
  std::set<std::string> distinct;
  for (const Noise& noise : noises) {
    check_noise(noise);
    distinct.insert(sha256_of(noise));
    for (int y = 0; y < 20; ++y)
      for (int x = 0; x < 32; ++x)
        for (int c = 0; c < 3; ++c) {
          const auto at = [&](int v, int u) {
            return noise.steps[static_cast<size_t>((v * 32 + u) * 3 + c)];
          };
          EXPECT_TRUE(at(y, x) == 8 || at(y, x) == -8);
          EXPECT_EQ(at(y, x), at(y / 8 * 8, x / 8 * 8));
        }
  }
  EXPECT_EQ(distinct.size(), 4u);
}

TEST(ClassPatches, NeedsALabel) {
  ClassPatches source(8, 8, 8, 8, 1);
  const std::vector<NoiseItem> items = {{"lonely", "a caption", std::nullopt, nullptr}};
  try {
    source.make(items);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("lonely"));
  }
  EXPECT_THROW(ClassPatches(8, 8, 0, 8, 1), Error);
}

TEST(Derangement, IsABijectionWithoutFixedPoints) {
  for (const size_t count : {2u, 3u, 4u, 5u, 64u, 1000u})
    for (uint64_t seed = 0; seed < 20; ++seed) {
      auto order = derangement(count, seed);
      for (size_t i = 0; i < count; ++i) ASSERT_NE(order[i], i) << count << " " << seed;
      std::sort(order.begin(), order.end());
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(order[i], i);
    }
  EXPECT_EQ(derangement(100, 7), derangement(100, 7));
  EXPECT_NE(derangement(100, 7), derangement(100, 8));
  EXPECT_THROW(derangement(1, 1), Error);
  EXPECT_THROW(derangement(0, 1), Error);
}

TEST(Shuffled, EveryNoiseIsUsedOnceAndByAnother) {
  const auto items = items_of(50);
  auto inner = std::make_shared<RandomSign>(4, 4, 8, 1);
  Shuffled source(inner, items, 3);
  const auto own = inner->make(items);
  const auto shuffled = source.make(items);
  std::map<std::string, int> uses;
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_NE(shuffled[i], own[i]);
    ++uses[sha256_of(shuffled[i])];
    EXPECT_EQ(source.make(std::span(items).subspan(i, 1)).front(), shuffled[i]);
  }
  for (const Noise& noise : own) EXPECT_EQ(uses[sha256_of(noise)], 1);
  EXPECT_EQ(source.card().name, "shuffled_random_sign");
  EXPECT_THROW(source.make(items_of(51)), Error) << "item50 is not in the list";
}

TEST(Shuffled, KeepsTheNumberOfEveryClassPattern) {
  const auto items = items_of(40);
  auto inner = std::make_shared<ClassPatches>(8, 8, 4, 8, 1);
  const auto own = inner->make(items);
  const auto shuffled = Shuffled(inner, items, 3).make(items);
  std::multiset<std::string> before, after;
  int wrong_class = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    before.insert(sha256_of(own[i]));
    after.insert(sha256_of(shuffled[i]));
    wrong_class += own[i] != shuffled[i];
  }
  EXPECT_EQ(before, after);
  EXPECT_GT(wrong_class, 20);  // 30 of 40 expected
}

TEST(Shuffled, RefusesAKeyTwice) {
  auto items = items_of(3);
  items[2].key = items[0].key;
  EXPECT_THROW(Shuffled(std::make_shared<RandomSign>(4, 4, 8, 1), items, 3), Error);
}

}  // namespace
}  // namespace t2ue
