#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

Case activation_case(Activation kind, int64_t count) {
  Case c;
  for (uint64_t item = 0;; ++item) {
    c.inputs = {{"x", random_tensor({count}, item, -4, 4)}};
    if (!has_kink(kind) || smallest(to_doubles(c.inputs[0].tensor)) > kink_margin) break;
  }
  c.record = [kind](Graph&, const Vars& v) { return Vars{activate(v[0], kind)}; };
  c.reference = [kind](const Arrays& v) {
    Doubles y = v[0];
    for (double& value : y) value = activate64(kind, value);
    return Arrays{y};
  };
  c.terms = 1;
  return c;
}

class ActivationOp : public testing::TestWithParam<Activation> {};
TEST_P(ActivationOp, AgreesWithFloat64) {
  for (const int64_t count : {1, 7, 257}) {
    SCOPED_TRACE(count);
    check_op(activation_case(GetParam(), count));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ActivationOp,
                         testing::Values(Activation::none, Activation::relu, Activation::leaky_relu,
                                         Activation::gelu, Activation::quick_gelu, Activation::tanh,
                                         Activation::sigmoid),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

TEST(ActivationOp, WorkSharedByThreadsCoversEveryElement) {
  check_op(activation_case(Activation::tanh, 9001));
}

TEST(ActivationOp, FarValuesStayFinite) {
  for (const Activation kind :
       {Activation::gelu, Activation::quick_gelu, Activation::tanh, Activation::sigmoid}) {
    Graph g(cpu_reference_backend());
    const Var x = g.input(Tensor::of(std::vector<float>{-1e4f, -100, 100, 1e4f}, {4}), true);
    const Var y = activate(x, kind);
    g.backward(project(g, {y}));
    const Tensor out = g.output(y), dx = g.gradient(x);
    Plan(std::move(g)).run();
    for (const Tensor& tensor : {out, dx})
      for (const float value : tensor.to_vector<float>()) EXPECT_TRUE(std::isfinite(value)) << name_of(kind);
  }
}

}  // namespace
