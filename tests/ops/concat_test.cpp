#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

/// Maps [rows/2, 2, C_i] behind one another.
Case concat_case(int64_t rows, const std::vector<int64_t>& channels) {
  Case c;
  for (size_t i = 0; i < channels.size(); ++i)
    c.inputs.push_back({concat("part", i), random_tensor({rows / 2, 2, channels[i]}, i)});
  c.record = [](Graph&, const Vars& v) { return Vars{concat_channels(v)}; };
  c.reference = [=](const Arrays& v) {
    Doubles y;
    for (int64_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < channels.size(); ++i)
        y.insert(y.end(), v[i].begin() + row * channels[i], v[i].begin() + (row + 1) * channels[i]);
    return Arrays{y};
  };
  return c;
}

TEST(ConcatOp, AgreesWithFloat64) {
  check_op(concat_case(2, {1}));
  check_op(concat_case(6, {3, 5}));
  check_op(concat_case(10, {1, 2, 3, 4}));
  check_op(concat_case(34, {8, 16, 24}));        // whole vectors of f32 and of bf16
  check_op(concat_case(4, {4, 12}));             // whole vectors of f32 alone
  check_op(concat_case(2, {8, 3}));              // a part that begins a vector and whose row does not
  check_op(concat_case(4, {2056, 1, 520, 64}));  // more than a block has lanes for
}

TEST(ConcatOp, OfOnePartTwiceGetsBothGradients) {
  Case c = concat_case(6, {3});
  c.record = [](Graph&, const Vars& v) { return Vars{concat_channels({v[0], v[0]})}; };
  c.reference = [](const Arrays& v) {
    Doubles y;
    for (int row = 0; row < 6; ++row)
      for (int copy = 0; copy < 2; ++copy)
        y.insert(y.end(), v[0].begin() + row * 3, v[0].begin() + row * 3 + 3);
    return Arrays{y};
  };
  check_op(c);
}

}  // namespace
