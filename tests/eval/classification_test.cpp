#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
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
  EXPECT_EQ(to_json(result)["per_class_count"], (std::vector<int64_t>{2, 3, 0}));
}

TEST(Classification, EqualLogitsGiveExactlyChance) {
  std::vector<int32_t> labels;
  for (int i = 0; i < 80; ++i) labels.push_back(i * i % 8);
  const ClassificationResult result = classification(std::vector<float>(640, -2.5f), labels, 8);
  EXPECT_NEAR(result.accuracy, 12.5, 1e-9);
  EXPECT_NEAR(result.accuracy_pessimistic, 0, 1e-9);
  EXPECT_NEAR(result.accuracy_optimistic, 100, 1e-9);
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
