#include <gtest/gtest.h>

#include <cmath>
#include <t2ue/core/rng.hpp>
#include <t2ue/noise/budget.hpp>

#include "errors.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;

std::vector<double> normal_values(size_t count, uint64_t seed) {
  Random random(seed, Purpose::test);
  std::vector<double> values(count);
  for (double& value : values) value = double{random.normal()};
  return values;
}

TEST(Budget, MeasuresTheThreeNorms) {
  const Noise noise{1, 3, {3, 0, -4, 0, 0, 0, 0, 0, 12}};
  const NoiseNorms norms = norms_of(noise);
  EXPECT_EQ(norms.linf, 12);
  EXPECT_DOUBLE_EQ(norms.l2, 13.0 / 255.0);
  EXPECT_EQ(norms.l0, 2);
}

TEST(Budget, RoundingToL2NeverPassesItAndUsesIt) {
  for (uint64_t seed = 0; seed < 20; ++seed)
    for (const double eps : {0.05, 0.3, 1.0, 1.304, 3.0}) {
      const std::vector<double> direction = normal_values(32 * 32 * 3, seed);
      const Budget budget = l2_budget("test", eps);
      const Noise noise = quantise_to(budget, direction, 32, 32);
      EXPECT_LE(norms_of(noise).l2, double{budget.eps} + 1e-12);
      // One value's next step, at the least, would pass it: 3072 values of normal size change often.
      EXPECT_GT(norms_of(noise).l2, 0.985 * eps) << eps;
      for (size_t i = 0; i < direction.size(); ++i)
        EXPECT_GE(direction[i] * noise.steps[i], 0) << "a sign was turned";
    }
}

TEST(Budget, PlainRoundingWouldHavePassedTheL2) {
  // What quantise_to is for: scaled to the norm exactly and then rounded, the same noise is too large.
  const std::vector<double> direction = normal_values(32 * 32 * 3, 3);
  double squares = 0, rounded = 0;
  for (const double value : direction) squares += value * value;
  for (const double value : direction) {
    const double step = std::nearbyint(value * 255.0 / std::sqrt(squares));
    rounded += step * step;
  }
  EXPECT_GT(std::sqrt(rounded) / 255.0, 1.0);
}

TEST(Budget, LinfReachesEpsExactly) {
  const Budget budget = linf_budget("test", 8);
  const Noise noise = quantise_to(budget, normal_values(48, 1), 4, 4);
  EXPECT_EQ(max_step(noise), 8);
  EXPECT_EQ(quantise_to(budget, std::vector<double>(48, 0.0), 4, 4).steps, std::vector<int8_t>(48, 0));
}

TEST(Budget, StepsFitIntoInt8WhateverTheBudget) {
  std::vector<double> spike(48, 1e-3);
  spike[5] = -1e6;
  const Noise noise = quantise_to(l2_budget("test", 100), spike, 4, 4);
  EXPECT_EQ(noise.steps[5], -127);
  EXPECT_LE(norms_of(noise).l2, 100);
}

TEST(Budget, ChecksNoiseAgainstACard) {
  MethodCard card = training_free_card("mine", "", false, l2_budget("mine", 0.05));
  expect_error([&] { check_budget(card, {1, 3, {3, 0, -4, 0, 0, 0, 0, 0, 12}}); }, {"mine", "l2", "0.05"});
  card.norm = Norm::l0;
  card.eps = 1;
  expect_error([&] { check_budget(card, {1, 3, {3, 0, -4, 0, 0, 0, 0, 0, 12}}); }, {"2 pixels", "1"});
  EXPECT_NO_THROW(check_budget(card, {1, 3, {3, 0, -4, 0, 0, 0, 0, 0, 0}}));
  card = training_free_card("mine", "", false, linf_budget("mine", 8));
  expect_error([&] { check_budget(card, {1, 1, {0, 0, -9}}); }, {"9", "8"});
  card.norm = Norm::none;
  EXPECT_NO_THROW(check_budget(card, {1, 1, {0, 0, -9}}));
}

TEST(Budget, RefusesWhatIsNoBudgetAndNoNoise) {
  expect_error([] { linf_budget("x", 0); }, {"x", "1..127"});
  expect_error([] { l2_budget("x", -1); }, {"x", "-1"});
  expect_error([] { l2_budget("x", NAN); }, {"x"});
  const std::vector<double> values(48, 1.0);
  expect_error([&] { quantise_to({Norm::l0, 1}, values, 4, 4); }, {"l0"});
  expect_error([&] { quantise_to({Norm::l2, 1}, values, 4, 5); }, {"needs 60"});
  const std::vector<double> bad(3, NAN);
  expect_error([&] { quantise_to({Norm::linf, 1}, bad, 1, 1); }, {"nan"});
}

}  // namespace
}  // namespace t2ue
