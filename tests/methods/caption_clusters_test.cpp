#include <gtest/gtest.h>

#include <set>
#include <t2ue/methods/caption_clusters.hpp>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {
namespace {

/// 60 rows around three far corners, in turn.
std::vector<float> three_clouds() {
  std::vector<float> rows;
  Random random(1, Purpose::test);
  for (int i = 0; i < 60; ++i) {
    rows.push_back(i % 3 == 1 ? 10.0f + random.uniform() : random.uniform());
    rows.push_back(i % 3 == 2 ? 10.0f + random.uniform() : random.uniform());
  }
  return rows;
}

TEST(CaptionClusters, FindsSeparateClouds) {
  const auto rows = three_clouds();
  const CaptionClusters clusters = CaptionClusters::learn(rows, 2, 3, 7);
  ASSERT_EQ(clusters.count(), 3);
  std::set<int32_t> seen;
  for (size_t i = 0; i < 60; ++i) {
    const int32_t k = clusters.nearest(std::span(rows).subspan(2 * i, 2));
    EXPECT_EQ(k, clusters.nearest(std::span(rows).subspan(2 * (i % 3), 2))) << "row " << i;
    seen.insert(k);
  }
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_EQ(CaptionClusters::learn(rows, 2, 3, 7).centroids, clusters.centroids);
}

TEST(CaptionClusters, QuantiseReplacesByTheNearest) {
  const CaptionClusters clusters{2, {0, 0, 4, 0}};
  EXPECT_EQ(clusters.quantise({1, 1, 3, -1, 2, 0}), (std::vector<float>{0, 0, 4, 0, 0, 0}))
      << "ties: the first";
  EXPECT_EQ(CaptionClusters{}.quantise({1, 2, 3}), (std::vector<float>{1, 2, 3}));
}

TEST(CaptionClusters, RefusesWhatCannotBe) {
  const std::vector<float> rows{1, 2, 3, 4};
  EXPECT_THROW(CaptionClusters::learn(rows, 2, 0, 1), Error);
  EXPECT_THROW(CaptionClusters::learn(rows, 2, 3, 1), Error);
  EXPECT_THROW(CaptionClusters::learn(rows, 3, 1, 1), Error);
  EXPECT_THROW(CaptionClusters{}.nearest(rows), Error);
  EXPECT_EQ(CaptionClusters::learn(rows, 2, 2, 1).count(), 2);
}

}  // namespace
}  // namespace t2ue
