#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include <t2ue/core/rng.hpp>

using namespace t2ue;

// The known answers that Random123 publishes for philox4x32-10.
TEST(Philox, KnownAnswers) {
  using Words = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0}, {0, 0, 0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0xa4093822, 0x299f31d0}, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, StreamsDifferBySeedPurposeAndItem) {
  std::set<uint32_t> first;
  for (const uint64_t seed : {1, 2})
    for (const Purpose purpose : {Purpose::init, Purpose::latent})
      for (const uint64_t item : {0, 1}) first.insert(Random(seed, purpose, item).bits());
  EXPECT_EQ(first.size(), 8u);
  EXPECT_EQ(Random(5, Purpose::test, 7).bits(), Random(5, Purpose::test, 7).bits());
}

TEST(Random, MomentsOfUniformAndNormal) {
  Random random(3, Purpose::test);
  double sum = 0, normal_sum = 0, normal_squares = 0;
  constexpr int count = 100'000;
  for (int i = 0; i < count; ++i) {
    const float u = random.uniform();
    ASSERT_GE(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    sum += u;
    const double n = random.normal();
    normal_sum += n;
    normal_squares += n * n;
  }
  // Five standard errors of each mean.
  EXPECT_NEAR(sum / count, 0.5, 5 * std::sqrt(1.0 / 12 / count));
  EXPECT_NEAR(normal_sum / count, 0.0, 5 / std::sqrt(count));
  EXPECT_NEAR(normal_squares / count, 1.0, 5 * std::sqrt(2.0 / count));
}

TEST(ShuffledOrder, IsAPermutationThatChangesWithTheEpoch) {
  const auto order = shuffled_order(1000, 1, 0);
  EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 1000u);
  EXPECT_EQ(order, shuffled_order(1000, 1, 0));
  EXPECT_NE(order, shuffled_order(1000, 1, 1));
  EXPECT_NE(order, shuffled_order(1000, 2, 0));
  EXPECT_TRUE(shuffled_order(0, 1, 0).empty());
}
