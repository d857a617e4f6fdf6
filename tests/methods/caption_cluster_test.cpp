#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <t2ue/methods/caption_cluster.hpp>
#include <t2ue/methods/text_lsp.hpp>

#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::distinct;
using testing_methods::expect_sound;

CaptionFeatures words() {
  return word_features(testing_methods::captions(), 64);
}

double cosine(const CaptionFeatures& features, const std::string& a, const std::string& b) {
  const std::vector<double> rows = unit_features(features, std::vector<std::string>{a, b});
  double sum = 0;
  for (size_t j = 0; j < rows.size() / 2; ++j) sum += rows[j] * rows[rows.size() / 2 + j];
  return sum;
}

TEST(WordFeatures, CaptionsThatShareRareWordsAreNear) {
  const CaptionFeatures features = words();
  EXPECT_GT(cosine(features, "a red dog in the park", "the dog is red"),
            cosine(features, "a red dog in the park", "the car is blue"));
  EXPECT_NEAR(cosine(features, "a RED dog, in the park!", "a red dog in the park"), 1, 1e-6);
  EXPECT_TRUE(std::isfinite(cosine(features, "never seen", "...")));
}

TEST(TableFeatures, GiveTheRowsThatTheyWereGiven) {
  const std::vector<std::string> names = {"a", "b", "a"};
  const std::vector<float> matrix = {1, 2, 3, 4, 1, 2};
  const CaptionFeatures features = table_features(names, matrix);
  EXPECT_EQ(features.width, 2);
  EXPECT_EQ(features.rows(std::vector<std::string>{"b", "a"}), (std::vector<float>{3, 4, 1, 2}));
  expect_error([&] { features.rows(std::vector<std::string>{"c"}); }, {"'c'"});
  expect_error([&] { table_features(names, std::vector<float>{1, 2, 3, 4}); }, {"3 rows"});
  expect_error([&] { table_features(names, std::vector<float>{1, 2, 3}); }, {"'a'", "twice"});
  const std::vector<std::string> two = {"a", "b"};
  const CaptionFeatures broken = table_features(two, std::vector<float>{1, NAN});
  expect_error([&] { unit_features(broken, two); }, {"'b'", "not finite"});
}

TEST(KMeans, FindsClustersThatAreThere) {
  Random random(1, Purpose::test);
  std::vector<double> rows;
  for (int i = 0; i < 300; ++i)
    for (int j = 0; j < 4; ++j) rows.push_back((i % 4 == j ? 100.0 : 0.0) + double{random.normal()});
  const Clusters clusters = k_means(rows, 4, 4, 5);
  std::map<int, int> cluster_of;
  for (size_t i = 0; i < 300; ++i) {
    const int k = clusters.nearest(std::span(rows).subspan(4 * i, 4));
    EXPECT_EQ(cluster_of.try_emplace(static_cast<int>(i % 4), k).first->second, k);
  }
  std::set<int> used;
  for (const auto& [group, k] : cluster_of) used.insert(k);
  EXPECT_EQ(used.size(), 4u);
  EXPECT_EQ(k_means(rows, 4, 4, 5).centres, clusters.centres);
}

TEST(KMeans, CentresAreTheMeansOfTheirRows) {
  Random random(2, Purpose::test);
  std::vector<double> rows(600);
  for (double& value : rows) value = double{random.normal()};
  const Clusters clusters = k_means(rows, 3, 7, 1, 1000);
  std::vector<double> sums(21);
  std::vector<double> sizes(7);
  for (size_t i = 0; i < 200; ++i) {
    const auto row = std::span(rows).subspan(3 * i, 3);
    const auto k = static_cast<size_t>(clusters.nearest(row));
    double least = INFINITY;  // brute force: no centre is nearer
    for (size_t c = 0; c < 7; ++c) {
      double distance = 0;
      for (size_t j = 0; j < 3; ++j) distance += std::pow(row[j] - clusters.centres[3 * c + j], 2);
      if (c == k) sizes[c] += 1;
      least = std::min(least, distance);
      if (c == k)
        for (size_t j = 0; j < 3; ++j) sums[3 * c + j] += row[j];
    }
    double chosen = 0;
    for (size_t j = 0; j < 3; ++j) chosen += std::pow(row[j] - clusters.centres[3 * k + j], 2);
    EXPECT_DOUBLE_EQ(chosen, least);
  }
  for (size_t c = 0; c < 7; ++c)
    for (size_t j = 0; j < 3; ++j)
      EXPECT_NEAR(clusters.centres[3 * c + j], sums[3 * c + j] / sizes[c], 1e-12);
}

TEST(KMeans, RefusesWhatItCannotPart) {
  const std::vector<double> same(12, 1.0), odd(7, 1.0);
  expect_error([&] { k_means(same, 3, 2, 0); }, {"only 1 different rows", "2 clusters"});
  expect_error([&] { k_means(same, 3, 5, 0); }, {"4 rows", "5 clusters"});
  expect_error([&] { k_means(odd, 3, 1, 0); }, {"7 numbers"});
  std::vector<double> bad = {1, 2, NAN};
  expect_error([&] { k_means(bad, 1, 1, 0); }, {"not finite"});
  EXPECT_EQ(k_means(same, 3, 1, 0).centres, (std::vector<double>{1, 1, 1}));
}

TEST(BlockCodes, AreDifferentAndFarApart) {
  const auto codes = block_codes(64, 48, 3);
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), 64u);
  for (size_t a = 0; a < codes.size(); ++a)
    for (size_t b = 0; b < a; ++b) {
      int distance = 0;
      for (size_t i = 0; i < 48; ++i) distance += codes[a][i] != codes[b][i];
      EXPECT_GE(distance, 10) << a << " " << b;  // random codes: 24 +- 3.5
    }
  const auto few = block_codes(5, 48, 3);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), codes.begin()));
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), 64u);
  const auto all = block_codes(4, 3, 0);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 4u);
  expect_error([] { block_codes(5, 3, 0); }, {"3 signs", "5 patterns"});
}

TEST(CaptionCluster, GivesEveryCaptionThePatternOfItsNearestCluster) {
  const std::vector<std::string> captions = testing_methods::captions();
  const CaptionCluster::Options options{.clusters = 9, .seed = 3};
  CaptionCluster source(32, 32, words(), captions, options), again(32, 32, words(), captions, options);
  std::vector<NoiseItem> items = testing_methods::items(40, 4);
  items.push_back({"unseen", "two white cats and a red car", {}, nullptr});
  const std::vector<Noise> noises = expect_sound(source, again, items);
  EXPECT_LE(distinct(noises), 9u);
  EXPECT_GT(distinct(noises), 4u);
  std::map<int, Noise> pattern_of;
  const Clusters& clusters = source.clusters().coarse();
  for (size_t i = 0; i < items.size(); ++i) {
    const std::vector<double> row = unit_features(words(), std::vector<std::string>{items[i].caption});
    int nearest = 0;
    double least = INFINITY;
    for (int k = 0; k < 9; ++k) {
      double distance = 0;
      for (size_t j = 0; j < 64; ++j)
        distance += std::pow(row[j] - clusters.centres[static_cast<size_t>(k) * 64 + j], 2);
      if (distance < least) least = distance, nearest = k;
    }
    EXPECT_EQ(pattern_of.try_emplace(nearest, noises[i]).first->second, noises[i]) << items[i].caption;
  }
  EXPECT_EQ(pattern_of.size(), distinct(noises));
  for (const Noise& noise : noises)
    for (const int8_t step : noise.steps) EXPECT_EQ(std::abs(step), 8);
  EXPECT_EQ(source.card().surrogate, "none");
  EXPECT_TRUE(source.card().needs_text && !source.card().needs_label && !source.card().needs_image);
}

TEST(CaptionCluster, TheHierarchySumsTwoPatternsWithinTheBudget) {
  const std::vector<std::string> captions = testing_methods::captions();
  const CaptionCluster::Options options{.clusters = 4, .fine = 5, .eps_steps = 7, .seed = 3};
  CaptionCluster source(32, 32, words(), captions, options), again(32, 32, words(), captions, options);
  EXPECT_EQ(source.card().name, "caption_hierarchy");
  const std::vector<NoiseItem> items = testing_methods::items(80, 4);
  const std::vector<Noise> noises = expect_sound(source, again, items);
  EXPECT_GT(distinct(noises), 8u);
  EXPECT_LE(distinct(noises), 20u);
  std::vector<std::string> texts;
  for (const NoiseItem& item : items) texts.push_back(item.caption);
  const auto places = source.clusters().places_of(unit_features(words(), texts));
  std::map<int, Noise> first;
  for (size_t i = 0; i < noises.size(); ++i) {
    // 4 steps of the coarse sign and 3 of the fine one: +-7 or +-1, and the sign is the coarse pattern's.
    const Noise& mate = first.try_emplace(places[i].coarse, noises[i]).first->second;
    for (size_t j = 0; j < mate.steps.size(); ++j) {
      ASSERT_TRUE(std::abs(noises[i].steps[j]) == 7 || std::abs(noises[i].steps[j]) == 1);
      ASSERT_EQ(noises[i].steps[j] > 0, mate.steps[j] > 0) << "another coarse pattern";
    }
    for (size_t j = 0; j < i; ++j) EXPECT_EQ(noises[i] == noises[j], places[i] == places[j]) << i << " " << j;
  }
}

TEST(CaptionCluster, RefusesWhatItCannotDo) {
  const std::vector<std::string> captions = testing_methods::captions();
  const auto make = [&](CaptionCluster::Options options) {
    return [&captions, options] { CaptionCluster(32, 32, words(), captions, options); };
  };
  expect_error(make({.clusters = 81}), {"81 clusters"});
  expect_error(make({.clusters = 0}), {"0 clusters"});
  expect_error(make({.clusters = 4, .grid = 40}), {"grid of 40"});
  expect_error(make({.clusters = 4, .fine = 2, .eps_steps = 1}), {"two patterns"});
  expect_error(make({.clusters = 4, .fine = 2, .grid = 20}), {"40 x 40"});
  expect_error([] { CaptionCluster(32, 32, {}, testing_methods::captions(), {}); }, {"features"});
  CaptionCluster source(32, 32, words(), captions, {.clusters = 4});
  expect_error(
      [&] {
        source.make(std::vector<NoiseItem>{{"mute", "", 1, nullptr}});
      },
      {"mute", "no caption"});
}

TEST(TextLsp, SignsHashTheAngleBetweenCaptions) {
  const std::vector<std::string> captions = testing_methods::captions();
  TextLsp source(32, 32, words(), captions, {.seed = 1}), again(32, 32, words(), captions, {.seed = 1});
  const std::vector<Noise> noises = expect_sound(source, again, testing_methods::items(40, 4));
  for (const Noise& noise : noises)
    for (const int8_t step : noise.steps) EXPECT_EQ(std::abs(step), 8);
  EXPECT_GT(distinct(noises), 30u);
  const auto differing = [&](const std::string& a, const std::string& b) {
    const std::vector<Noise> two =
        source.make(std::vector<NoiseItem>{{"a", a, {}, nullptr}, {"b", b, {}, nullptr}});
    int count = 0;
    for (size_t i = 0; i < two[0].steps.size(); ++i) count += two[0].steps[i] != two[1].steps[i];
    return count;
  };
  EXPECT_LT(differing("the dog is red", "a red dog in the park"),
            differing("the dog is red", "one car, quite blue"));
}

TEST(TextLsp, WithL2TheNoiseIsLinearInTheFeatures) {
  // Captions at +f and -f around a mean of 0 have opposite noises; so do no others.
  const std::vector<std::string> captions = {"north", "south", "east", "west"};
  const std::vector<float> matrix = {0, 1, 0, -1, 1, 0, -1, 0};
  TextLsp source(32, 32, table_features(captions, matrix), captions,
                 {.budget = l2_budget("text_lsp", 1.0), .seed = 2});
  std::vector<NoiseItem> items;
  for (const std::string& caption : captions) items.push_back({caption, caption, {}, nullptr});
  const std::vector<Noise> noises = source.make(items);
  for (const size_t i : {size_t{0}, size_t{2}})
    for (size_t j = 0; j < noises[i].steps.size(); ++j)
      ASSERT_EQ(noises[i].steps[j], -noises[i + 1].steps[j]);
  EXPECT_NE(noises[0], noises[2]);
  for (const Noise& noise : noises) {
    EXPECT_NO_THROW(check_budget(source.card(), noise));
    EXPECT_GT(norms_of(noise).l2, 0.95);
  }
  EXPECT_EQ(source.card().surrogate, "a table");
  expect_error([] { TextLsp(32, 32, words(), {}, {}); }, {"no captions"});
  expect_error([&] { TextLsp(2, 2, words(), captions, {}); }, {"4 x 4"});
}

}  // namespace
}  // namespace t2ue
