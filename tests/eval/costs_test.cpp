// What rows of a benchmark cost, and from how many pictures on a generator is the cheaper way.
#include <gtest/gtest.h>

#include <cmath>

#include <t2ue/eval/bench/costs.hpp>

namespace t2ue {
namespace {

detail::Costs costs(double training, double per_picture, bool per_data_set) {
  detail::Costs c;
  c.training = training;
  c.per_picture = per_picture;
  c.per_data_set = per_data_set;
  c.pictures = 1000;
  return c;
}

TEST(Costs, AGeneratorPaysBackAgainstWhatTrainsForEveryDataSet) {
  const detail::Costs generator = costs(18, 0.001, false), surrogate = costs(9, 0.001, true),
                      free = costs(0, 0.002, false);
  EXPECT_DOUBLE_EQ(generator.seconds_in_all(), 19);
  EXPECT_DOUBLE_EQ(surrogate.seconds_in_all(), 10);
  EXPECT_DOUBLE_EQ(surrogate.whole_per_picture(), 0.01);
  EXPECT_DOUBLE_EQ(generator.whole_per_picture(), 0.001) << "it serves other pictures, too";

  EXPECT_DOUBLE_EQ(detail::dearest_of({{"g", generator}, {"s", surrogate}, {"f", free}}).value(), 0.01);
  EXPECT_FALSE(detail::dearest_of({{"g", generator}, {"f", free}})) << "what trains nothing is no comparison";

  EXPECT_DOUBLE_EQ(detail::break_even(generator, 0.01).value(), 2000);
  EXPECT_TRUE(std::isinf(detail::break_even(generator, 0.0005).value()));
  EXPECT_FALSE(detail::break_even(surrogate, 0.01)) << "the next data set costs as much again";
  EXPECT_FALSE(detail::break_even(free, 0.01)) << "nothing to pay back";
  EXPECT_EQ(detail::cost_cells(generator, 0.01).back(), "2000");
  EXPECT_EQ(detail::cost_cells(generator, 0.001).back(), "never");
  EXPECT_EQ(detail::cost_cells(generator, {}).back(), "-");
  EXPECT_EQ(detail::cost_cells(surrogate, 0.01).back(), "-");
  EXPECT_EQ(detail::cost_cells(free, 0.01).size(), detail::cost_columns().size());
}

}  // namespace
}  // namespace t2ue
