#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <errors.hpp>
#include <limits>
#include <t2ue/core/beta.hpp>

namespace t2ue {
namespace {

constexpr int count = 20'000;

std::vector<double> drawn(double alpha) {
  Random random(3, Purpose::test);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<double>(beta_draw(random, alpha)));
    EXPECT_GE(values.back(), 0);
    EXPECT_LE(values.back(), 1);
  }
  return values;
}

TEST(Beta, Moments) {
  for (const double alpha : {0.01, 0.2, 0.999, 1.0, 1.001, 8.0, 100.0}) {
    double sum = 0, squares = 0;
    for (const double x : drawn(alpha)) sum += x, squares += (x - 0.5) * (x - 0.5);
    const double variance = 1 / (4 * (2 * alpha + 1));
    EXPECT_NEAR(sum / count, 0.5, 5 * std::sqrt(variance / count)) << alpha;
    // (x-1/2)^2 is at most 1/4, so the error of its mean is at most half the deviation.
    EXPECT_NEAR(squares / count, variance, 5 * 0.5 * std::sqrt(variance / count)) << alpha;
  }
}

// The shares below a quarter that the distribution functions give: arcsine, uniform, 3x^2 - 2x^3.
TEST(Beta, DistributionAtAQuarter) {
  const std::pair<double, double> known[] = {{0.5, 1.0 / 3}, {1, 0.25}, {2, 0.15625}};
  for (const auto& [alpha, share] : known) {
    int below = 0;
    for (const double x : drawn(alpha)) below += x < 0.25;
    EXPECT_NEAR(static_cast<double>(below) / count, share, 5 * std::sqrt(share * (1 - share) / count))
        << alpha;
  }
}

TEST(Beta, RefusesWhatIsNotPositive) {
  Random random(3, Purpose::test);
  for (const double alpha :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    testing_errors::expect_error([&] { beta_draw(random, alpha); }, {"[beta]", "alpha"});
}

}  // namespace
}  // namespace t2ue
