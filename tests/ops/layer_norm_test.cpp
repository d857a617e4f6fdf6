#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct LayerNormSizes {
  int64_t rows, channels;
};
void PrintTo(const LayerNormSizes& s, std::ostream* out) {
  *out << s.rows << "x" << s.channels;
}

Doubles normalised_rows(const Doubles& x, const Doubles& scale, const Doubles& shift) {
  const size_t channels = scale.size();
  Doubles y(x.size());
  for (size_t row = 0; row < x.size(); row += channels) {
    double mean = 0, variance = 0;
    for (size_t c = 0; c < channels; ++c) mean += x[row + c] / static_cast<double>(channels);
    for (size_t c = 0; c < channels; ++c)
      variance += (x[row + c] - mean) * (x[row + c] - mean) / static_cast<double>(channels);
    for (size_t c = 0; c < channels; ++c)
      y[row + c] =
          scale[c] * (x[row + c] - mean) / std::sqrt(variance + static_cast<double>(1e-5f)) + shift[c];
  }
  return y;
}

Case layer_norm_case(const LayerNormSizes& s) {
  Case c;
  c.inputs = {{"x", random_tensor({s.rows, s.channels}, 1, -1, 3)},
              parameter("scale", random_tensor({s.channels}, 2, 0.5f, 2)),
              parameter("shift", random_tensor({s.channels}, 3))};
  c.record = [](Graph&, const Vars& v) { return Vars{layer_norm(v[0], v[1], v[2])}; };
  c.reference = [](const Arrays& v) { return Arrays{normalised_rows(v[0], v[1], v[2])}; };
  c.reduction = std::max(s.rows, s.channels);
  c.terms = 4;
  return c;
}

/// which: 0 both outputs used, 1 only the normalised one, 2 only the sum.
Case add_layer_norm_case(const LayerNormSizes& s, int which, bool same) {
  Case c = layer_norm_case(s);
  if (!same) c.inputs.push_back({"residual", random_tensor({s.rows, s.channels}, 4)});
  c.record = [which, same](Graph&, const Vars& v) {
    const auto [sum, y] = add_layer_norm(v[0], same ? v[0] : v[3], v[1], v[2]);
    return which == 0 ? Vars{sum, y} : which == 1 ? Vars{y} : Vars{sum};
  };
  c.reference = [which, same](const Arrays& v) {
    Doubles sum = v[0];
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += v[same ? 0 : 3][i];
    const Doubles y = normalised_rows(sum, v[1], v[2]);
    return which == 0 ? Arrays{sum, y} : which == 1 ? Arrays{y} : Arrays{sum};
  };
  if (which == 2) c.inputs[1].trained = c.inputs[2].trained = false;
  return c;
}

class LayerNormOp : public testing::TestWithParam<LayerNormSizes> {};
TEST_P(LayerNormOp, AgreesWithFloat64) {
  check_op(layer_norm_case(GetParam()));
}
TEST_P(LayerNormOp, WithResidualAgreesWithFloat64) {
  check_op(add_layer_norm_case(GetParam(), 0, false));
}
TEST_P(LayerNormOp, WithResidualWhenOnlyTheNormalisedIsUsed) {
  check_op(add_layer_norm_case(GetParam(), 1, false));
}
TEST_P(LayerNormOp, WithResidualWhenOnlyTheSumIsUsed) {
  check_op(add_layer_norm_case(GetParam(), 2, false));
}
TEST_P(LayerNormOp, ResidualMayBeTheInputItself) {
  check_op(add_layer_norm_case(GetParam(), 0, true));
}

INSTANTIATE_TEST_SUITE_P(Sizes, LayerNormOp,
                         testing::Values(LayerNormSizes{1, 5}, LayerNormSizes{7, 8}, LayerNormSizes{13, 17},
                                         LayerNormSizes{131, 3}, LayerNormSizes{3, 128},
                                         LayerNormSizes{300, 37}, LayerNormSizes{70, 71},
                                         LayerNormSizes{9, 229}, LayerNormSizes{4, 768},
                                         LayerNormSizes{3, 1040}),
                         testing::PrintToStringParamName());

TEST(LayerNormOp, ConstantRowsBecomeTheShift) {
  for (const Target& target : targets())
    for (const int64_t channels : {3, 24}) {
      SCOPED_TRACE(target.name);
      Graph g(*target.backend, target.device, Execution::planned, false, target.precision);
      const DType type = target.precision == Precision::bf16 ? DType::bf16 : DType::f32;
      std::vector<float> expected;
      for (int64_t c = 0; c < channels; ++c) expected.push_back(static_cast<float>(c));
      const Var shift = g.input(Tensor::of(expected, {channels}, target.device));
      const Var scale = g.input(on_device(random_tensor({channels}, 1), DType::f32, target.device));
      const Var x =
          g.input(tensor_of(std::vector<float>(at(2 * channels), 1e6f), {2, channels}, type, target.device));
      const Tensor y = g.output(layer_norm(x, scale, shift));
      Plan(std::move(g)).run();
      expected.insert(expected.end(), expected.begin(), expected.begin() + channels);
      EXPECT_EQ(y.to_floats(), expected);
    }
}

}  // namespace
