#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

Case add_case(int64_t count, float alpha, float beta) {
  Case c;
  c.inputs = {{"a", random_tensor({count}, 1)}, {"b", random_tensor({count}, 2)}};
  c.record = [=](Graph&, const Vars& v) { return Vars{add(v[0], v[1], alpha, beta)}; };
  c.reference = [=](const Arrays& v) {
    Doubles y = v[0];
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = static_cast<double>(alpha) * v[0][i] + static_cast<double>(beta) * v[1][i];
    return Arrays{y};
  };
  return c;
}

TEST(AddOp, AgreesWithFloat64) {
  check_op(add_case(1, 1, 1));
  check_op(add_case(13, 1, 1));
  check_op(add_case(13, 1, -0.5f));
  check_op(add_case(4099, -2, 0.25f));
  check_op(add_case(4096, 0.5f, 3));
}

TEST(AddOp, AValueMayBeAddedToItself) {
  Case c = add_case(7, 1, 0.5f);
  c.inputs.pop_back();
  c.record = [](Graph&, const Vars& v) { return Vars{add(v[0], v[0], 1, 0.5f)}; };
  c.reference = [](const Arrays& v) {
    Doubles y = v[0];
    for (double& value : y) value *= 1.5;
    return Arrays{y};
  };
  check_op(c);
}

// A residual stream: both branches of every sum start at the value before it, and gradients share buffers.
TEST(AddOp, GradientsOfAResidualStreamAdd) {
  Case c = add_case(11, 1, 1);
  c.record = [](Graph&, const Vars& v) {
    const Var first = add(activate(v[0], Activation::tanh), v[1]);
    const Var second = add(first, activate(first, Activation::sigmoid));
    return Vars{add(second, activate(second, Activation::tanh)), first};
  };
  c.reference = [](const Arrays& v) {
    Doubles y = v[0], first = v[0];
    for (size_t i = 0; i < y.size(); ++i) {
      first[i] = std::tanh(v[0][i]) + v[1][i];
      const double second = first[i] + 1 / (1 + std::exp(-first[i]));
      y[i] = second + std::tanh(second);
    }
    return Arrays{y, first};
  };
  c.reduction = 4;
  check_op(c);
}

struct UpSizes {
  int64_t batch, height, width, channels;
  int up;
};
void PrintTo(const UpSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.height << "x" << s.width << "x" << s.channels << "_up_" << s.up;
}

Case residual_case(const UpSizes& s) {
  Case c;
  const int64_t high = s.height * s.up, wide = s.width * s.up;
  c.inputs = {{"a", random_tensor({s.batch, s.height, s.width, s.channels}, 1)},
              {"b", random_tensor({s.batch, high, wide, s.channels}, 2)},
              parameter("gain", random_tensor({1}, 3, 0.5f, 1))};
  c.record = [s](Graph&, const Vars& v) { return Vars{residual_scale(v[0], v[1], v[2], s.up)}; };
  c.reference = [=](const Arrays& v) {
    Doubles y;
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t h = 0; h < high; ++h)
        for (int64_t w = 0; w < wide; ++w)
          for (int64_t k = 0; k < s.channels; ++k)
            y.push_back(v[0][at(((n * s.height + h / s.up) * s.width + w / s.up) * s.channels + k)] +
                        v[2][0] * v[1][at(((n * high + h) * wide + w) * s.channels + k)]);
    return Arrays{y};
  };
  c.reduction = s.batch * high * wide * s.channels;
  c.terms = 1;
  return c;
}

class ResidualScaleOp : public testing::TestWithParam<UpSizes> {};
TEST_P(ResidualScaleOp, AgreesWithFloat64) {
  check_op(residual_case(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Sizes, ResidualScaleOp,
                         testing::Values(UpSizes{1, 1, 1, 1, 1}, UpSizes{2, 3, 5, 7, 1},
                                         UpSizes{2, 3, 2, 5, 2}, UpSizes{1, 2, 3, 8, 3},
                                         UpSizes{3, 8, 8, 4, 2}, UpSizes{2, 3, 5, 8, 1},
                                         UpSizes{1, 3, 5, 16, 2}, UpSizes{2, 1, 3, 64, 2},
                                         UpSizes{1, 2, 2, 100, 2}, UpSizes{1, 13, 11, 24, 1},
                                         UpSizes{1, 2, 1, 33, 3}, UpSizes{1, 20, 18, 64, 2}),
                         testing::PrintToStringParamName());

}  // namespace
