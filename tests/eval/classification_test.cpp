#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/classification.hpp>
#include <vector>

namespace {

using namespace t2ue;

TEST(Classification, HandWorked) {
  const std::vector<float> logits = {3, 1, 0,   // label 0: right
                                     0, 2, 5,   // label 1: wrong
                                     1, 4, 0,   // label 1: right
                                     2, 0, 2,   // label 0: tied with class 2
                                     9, 0, 8};  // label 1: wrong
  const std::vector<int32_t> labels = {0, 1, 1, 0, 1};
  const ClassificationResult result = classification(logits, labels, 3);
  EXPECT_NEAR(result.accuracy, 100 * 2.5 / 5, 1e-9);
  EXPECT_NEAR(result.accuracy_optimistic, 60, 1e-9);
  EXPECT_NEAR(result.accuracy_pessimistic, 40, 1e-9);
  EXPECT_NEAR(result.tied, 20, 1e-9);
  EXPECT_NEAR(result.per_class[0], 75, 1e-9);
  EXPECT_NEAR(result.per_class[1], 100.0 / 3, 1e-9);
  EXPECT_EQ(result.per_class[2], 0);
  EXPECT_EQ(result.per_class_count, (std::vector<int64_t>{2, 3, 0}));
  EXPECT_NEAR(result.balanced_accuracy, (75 + 100.0 / 3) / 2, 1e-9);
  EXPECT_NEAR(result.chance, 100.0 / 3, 1e-9);
  EXPECT_NEAR(result.majority, 60, 1e-9);
  EXPECT_NEAR(result.top5, 100, 1e-9) << "of three classes";
  EXPECT_NEAR(result.top5_chance, 100, 1e-9);
  EXPECT_EQ(to_json(result)["top5_chance"], 100);
  EXPECT_EQ(to_json(result)["per_class_count"], (std::vector<int64_t>{2, 3, 0}));
}

TEST(Classification, EqualLogitsGiveExactlyChance) {
  std::vector<int32_t> labels;
  for (int i = 0; i < 80; ++i) labels.push_back(i * i % 8);
  const ClassificationResult result = classification(std::vector<float>(640, -2.5f), labels, 8);
  EXPECT_NEAR(result.accuracy, 12.5, 1e-9);
  EXPECT_NEAR(result.accuracy_pessimistic, 0, 1e-9);
  EXPECT_NEAR(result.accuracy_optimistic, 100, 1e-9);
  EXPECT_NEAR(result.top5, 62.5, 1e-9);
  EXPECT_NEAR(result.top5_chance, 62.5, 1e-9);
  EXPECT_NEAR(result.top5_pessimistic, 0, 1e-9);
  EXPECT_NEAR(result.top5_optimistic, 100, 1e-9);
}

TEST(Classification, RandomLogitsAreNearChanceAndInsideTheInterval) {
  Random random(3, Purpose::test);
  std::vector<float> logits;
  std::vector<int32_t> labels;
  for (int i = 0; i < 4000; ++i) {
    labels.push_back(static_cast<int32_t>(random.below(8)));
    for (int k = 0; k < 8; ++k) logits.push_back(random.normal());
  }
  const ClassificationResult result = classification(logits, labels, 8);
  EXPECT_NEAR(result.accuracy, 12.5, 2.1);  // four sigma
  EXPECT_LT(result.accuracy_interval.low, result.accuracy);
  EXPECT_GT(result.accuracy_interval.high, result.accuracy);
  EXPECT_NEAR(result.accuracy_interval.high - result.accuracy_interval.low, 4 * 0.523, 0.3);
}

/// The share of all orders of the tied in which the label is among the first k: every class gets a place, and
/// classes with equal logits try all of theirs.
double share_of_orders(const std::vector<double>& logits, size_t label, size_t k) {
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t{0});
  double hits = 0, orders = 0;
  do {
    const bool sorted =
        std::is_sorted(order.begin(), order.end(), [&](size_t a, size_t b) { return logits[a] > logits[b]; });
    if (!sorted) continue;
    ++orders;
    const auto end = order.begin() + static_cast<int64_t>(std::min(k, order.size()));
    hits += std::find(order.begin(), end, label) != end ? 1 : 0;
  } while (std::next_permutation(order.begin(), order.end()));
  return hits / orders;
}

TEST(Classification, TopOneAndFiveMatchAllOrdersOfTheTied) {
  for (const size_t classes : {1, 2, 4, 5, 6, 7}) {
    Random random(classes, Purpose::test);
    constexpr size_t items = 25;
    std::vector<float> logits;
    std::vector<int32_t> labels;
    double top1 = 0, top5 = 0;
    for (size_t i = 0; i < items; ++i) {
      std::vector<double> row;
      for (size_t c = 0; c < classes; ++c) row.push_back(random.below(3));
      logits.insert(logits.end(), row.begin(), row.end());
      labels.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(classes))));
      top1 += 100.0 / items * share_of_orders(row, static_cast<size_t>(labels.back()), 1);
      top5 += 100.0 / items * share_of_orders(row, static_cast<size_t>(labels.back()), 5);
    }
    const auto result = classification(logits, labels, static_cast<int64_t>(classes));
    EXPECT_NEAR(result.accuracy, top1, 1e-9) << classes << " classes";
    EXPECT_NEAR(result.top5, top5, 1e-9) << classes << " classes";
    EXPECT_LE(result.top5_pessimistic, result.top5 + 1e-9);
    EXPECT_GE(result.top5_optimistic, result.top5 - 1e-9);
    EXPECT_LE(result.top5_interval.low, result.top5 + 1e-9);
    EXPECT_GE(result.top5_interval.high, result.top5 - 1e-9);
  }
}

TEST(Classification, RefusesBadInput) {
  const std::vector<int32_t> labels = {0, 1};
  std::vector<float> logits = {1, 0, 0, 1};
  EXPECT_THROW(classification(logits, labels, 3), Error);
  EXPECT_THROW(classification(logits, labels, 0), Error);
  EXPECT_THROW(classification({}, {}, 2), Error);
  EXPECT_THROW(classification(logits, std::vector<int32_t>{0, 2}, 2), Error);
  EXPECT_THROW(classification(logits, std::vector<int32_t>{0, -1}, 2), Error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    logits[3] = bad;
    EXPECT_THROW(classification(logits, labels, 2), Error);
  }
}

}  // namespace
