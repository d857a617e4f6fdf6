#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct LinearSizes {
  int64_t rows, inner, columns;
  Activation activation;
  bool bias;
};
void PrintTo(const LinearSizes& s, std::ostream* out) {
  *out << s.rows << "x" << s.inner << "x" << s.columns << "_" << name_of(s.activation)
       << (s.bias ? "_bias" : "");
}

Doubles product(const LinearSizes& s, const Arrays& x) {
  Doubles y(at(s.rows * s.columns));
  for (int64_t i = 0; i < s.rows; ++i)
    for (int64_t j = 0; j < s.columns; ++j) {
      double sum = s.bias ? x[2][at(j)] : 0;
      for (int64_t k = 0; k < s.inner; ++k) sum += x[0][at(i * s.inner + k)] * x[1][at(j * s.inner + k)];
      y[at(i * s.columns + j)] = sum;
    }
  return y;
}

Case linear_case(const LinearSizes& s) {
  Case c;
  for (uint64_t item = 0;; item += 10) {
    c.inputs = {{"x", random_tensor({s.rows, s.inner}, item)},
                parameter("w", random_tensor({s.columns, s.inner}, item + 1))};
    if (s.bias) c.inputs.push_back(parameter("b", random_tensor({s.columns}, item + 2)));
    if (!has_kink(s.activation) || smallest(product(s, to_doubles(c.inputs))) > kink_margin) break;
  }
  c.record = [s](Graph&, const Vars& v) {
    return Vars{linear(v[0], v[1], s.bias ? v[2] : Var{}, s.activation)};
  };
  c.reference = [s](const Arrays& x) {
    Doubles y = product(s, x);
    for (double& value : y) value = activate64(s.activation, value);
    return Arrays{y};
  };
  c.reduction = std::max({s.rows, s.inner, s.columns});
  return c;
}

class LinearOp : public testing::TestWithParam<LinearSizes> {};
TEST_P(LinearOp, AgreesWithFloat64) {
  check_op(linear_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, LinearOp,
                         testing::Values(LinearSizes{1, 1, 1, Activation::none, false},
                                         LinearSizes{7, 13, 5, Activation::none, true},
                                         LinearSizes{2, 67, 1, Activation::none, true},
                                         LinearSizes{33, 3, 17, Activation::none, false},
                                         LinearSizes{300, 5, 9, Activation::none, true},
                                         LinearSizes{64, 128, 48, Activation::quick_gelu, true},
                                         // several blocks either way, whole vectors
                                         LinearSizes{70, 3, 264, Activation::none, true},
                                         LinearSizes{70, 3, 264, Activation::quick_gelu, true}),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Activations, LinearOp, testing::ValuesIn([] {
                           std::vector<LinearSizes> all;
                           for (const Activation a :
                                {Activation::none, Activation::relu, Activation::leaky_relu, Activation::gelu,
                                 Activation::quick_gelu, Activation::tanh, Activation::sigmoid})
                             for (const bool bias : {false, true}) all.push_back({5, 11, 7, a, bias});
                           return all;
                         }()),
                         testing::PrintToStringParamName());

TEST(LinearOp, TakesRowsOfAnyRank) {
  Case c = linear_case({6, 5, 4, Activation::gelu, true});
  const auto flat = c.record;
  c.record = [flat](Graph& g, const Vars& v) {
    Vars y = flat(g, {v[0].reshape({2, 3, 5}), v[1], v[2]});
    EXPECT_EQ(y[0].shape(), Shape({2, 3, 4}));
    return y;
  };
  check_op(c);
}

}  // namespace
