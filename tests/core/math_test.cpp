#include <gtest/gtest.h>

#include <limits>

#include <t2ue/core/cpu/math.hpp>

using namespace t2ue::cpu;

TEST(FastExp, WithinTwoUlpsOverItsRange) {
  double worst = 0;
  for (double x = -87.0; x < 88.5; x += 0.00137) {
    const auto argument = static_cast<float>(x);
    const double exact = std::exp(static_cast<double>(argument));
    worst = std::max(worst, std::abs(static_cast<double>(fast_exp(argument)) / exact - 1.0));
  }
  EXPECT_LT(worst, 2 * 0x1p-23);
}

TEST(FastExp, EdgesOfItsRange) {
  EXPECT_EQ(fast_exp(0.0f), 1.0f);
  EXPECT_EQ(fast_exp(-200.0f), 0.0f);
  EXPECT_EQ(fast_exp(200.0f), std::numeric_limits<float>::infinity());
  EXPECT_EQ(fast_exp(-std::numeric_limits<float>::infinity()), 0.0f);
  EXPECT_TRUE(std::isnan(fast_exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(FastErf, AgreesWithTheLibrary) {
  double worst = 0;
  for (double x = -6.0; x <= 6.0; x += 0.0007) {
    const auto argument = static_cast<float>(x);
    worst = std::max(
        worst, std::abs(static_cast<double>(fast_erf(argument)) - std::erf(static_cast<double>(argument))));
  }
  EXPECT_LT(worst, 5e-7);
  EXPECT_TRUE(std::isnan(fast_erf(std::numeric_limits<float>::quiet_NaN())));
}
