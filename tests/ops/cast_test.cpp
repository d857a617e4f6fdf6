#include "ops/op_test.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Ties, the largest numbers, and sizes that no vector width divides.
std::vector<float> numbers(int64_t count) {
  std::vector<float> values{1.00390625f, 1.01171875f, -0.0f, 3.4e38f, infinity, -infinity, 1e-40f};
  const std::vector<float> more = random_values(count, 1, -100, 100);
  values.insert(values.end(), more.begin(), more.end());
  return values;
}
std::vector<float> rounded(std::vector<float> values) {
  for (float& value : values) value = static_cast<float>(bf16(value));
  return values;
}

TEST(CastOp, RoundsAndWidensOnEveryBackend) {
  for (const Target& target : fp32_targets())
    for (const int64_t count : {1, 9, 1000, 4089}) {
      SCOPED_TRACE(target.name);
      const std::vector<float> values = numbers(count);
      const Shape shape{static_cast<int64_t>(values.size())};
      Graph g(*target.backend, target.device);
      const Var x = g.input(Tensor::of(values, shape, target.device));
      const Var narrow = cast(x, DType::bf16);
      const Tensor y = g.output(narrow), wide = g.output(cast(narrow, DType::f32));
      Plan(std::move(g)).run();
      EXPECT_EQ(y.dtype(), DType::bf16);
      EXPECT_EQ(y.to_floats(), rounded(values));
      EXPECT_EQ(wide.to_vector<float>(), rounded(values));
    }
}

TEST(CastOp, GradientsKeepTheTypeOfTheirValueAndAccumulate) {
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    Graph g(*target.backend, target.device);
    const Var x = g.input(Tensor::of(std::vector<float>{1, 2, 3}, {3}, target.device), true);
    const Var once = cast(cast(x, DType::bf16), DType::f32), again = cast(cast(x, DType::bf16), DType::f32);
    g.backward(project(g, {once, again}));
    const Tensor dx = g.gradient(x);
    Plan(std::move(g)).run();
    const std::vector<float> first = projection(3, 0), second = projection(3, 1), sum = dx.to_vector<float>();
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(sum[i], first[i] + second[i]);
  }
}

TEST(CastOp, ItsOwnTypeIsNoLaunch) {
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::zeros({3}));
  EXPECT_EQ(cast(x, DType::f32).id(), x.id());
  expect_error([&] { cast(x, DType::u8); }, {"[cast]", "u8"});
}

TEST(Types, ThatDoNotBelongTogetherAreNamed) {
  Graph g(cpu_reference_backend());
  const Var f32 = g.input(Tensor::zeros({2, 3})), narrow = cast(f32, DType::bf16);
  expect_error([&] { add(f32, narrow); }, {"[add]", "f32[2,3]", "bf16[2,3]"});
  expect_error([&] { linear(f32, narrow); }, {"[linear]", "bf16[2,3]"});
  const Var vector = cast(g.input(Tensor::zeros({3})), DType::bf16);
  expect_error([&] { layer_norm(narrow, vector, vector); }, {"[layer_norm]", "f32", "bf16[3]"});
}

}  // namespace
