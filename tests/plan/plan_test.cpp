#include <gtest/gtest.h>

#include <limits>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/core/plan.hpp>

#include "ops/op_test.hpp"
#include "plan/no_overlap.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;
using namespace t2ue::testing_plan;

Parameter make_parameter(const char* name, const Shape& shape, uint64_t item) {
  Parameter p(shape, Init::zeros());
  p.name = name;
  p.value = random_tensor(shape, item, -0.5f, 0.5f);
  p.grad = Tensor::zeros(shape);
  return p;
}

/// A small transformer layer over pictures' patches, with a classifier: enough ops for a plan worth the name.
struct Network {
  static constexpr int64_t width = 12;
  Parameter patch = make_parameter("patch", {width, 2, 2, 3}, 1), scale = make_parameter("scale", {width}, 2),
            shift = make_parameter("shift", {width}, 3), qkv = make_parameter("qkv", {3 * width, width}, 4),
            out = make_parameter("out", {width, width}, 5), up = make_parameter("up", {4 * width, width}, 6),
            down = make_parameter("down", {width, 4 * width}, 7),
            head = make_parameter("head", {5, width}, 8);
  Tensor pictures = random_tensor({3, 8, 8, 3}, 9), labels = random_ids({3}, 10, 5);

  std::vector<Parameter*> parameters() { return {&patch, &scale, &shift, &qkv, &out, &up, &down, &head}; }

  Var loss(Graph& g) {
    Var x = conv2d(g.input(pictures), g.parameter(patch), {}, 2);
    x = x.reshape({3, 16, width});
    const Var s = g.parameter(scale), t = g.parameter(shift);
    Var y = linear(attention(linear(layer_norm(x, s, t), g.parameter(qkv)), 3, false), g.parameter(out));
    const auto [sum, z] = add_layer_norm(x, y, s, t);
    y = linear(linear(z, g.parameter(up), {}, Activation::gelu), g.parameter(down));
    return cross_entropy(linear(mean_pool(add(sum, y)), g.parameter(head)), g.input(labels));
  }
  std::vector<std::vector<float>> gradients() {
    std::vector<std::vector<float>> all;
    for (Parameter* p : parameters()) all.push_back(p->grad.to_vector<float>());
    return all;
  }
};

Plan training_plan(Network& network, bool frozen_trunk = false) {
  Graph g(cpu_reference_backend());
  if (frozen_trunk)
    for (Parameter* p : network.parameters()) p->trained = p == &network.head;
  g.backward(network.loss(g));
  return Plan(std::move(g));
}

TEST(Plan, NoTwoLiveBuffersOfARealStepShareAByte) {
  Network network;
  const Plan plan = training_plan(network);
  ASSERT_GT(plan.buffers().size(), 25u);
  expect_no_overlap(plan.buffers(), plan.layout());
  int64_t separately = 0;
  for (const BufferLife& b : plan.buffers()) separately += b.bytes;
  EXPECT_LT(plan.arena_bytes(), separately * 2 / 3) << "buffers should take over dead ones' places";
}

TEST(Plan, GradientsAreThoseOfAnEagerRun) {
  Network planned, eager;
  const Plan plan = training_plan(planned);
  for (Parameter* p : planned.parameters()) poison(p->grad);
  plan.run();
  Graph g(cpu_reference_backend(), {}, Execution::eager);
  g.backward(eager.loss(g));
  EXPECT_EQ(planned.gradients(), eager.gradients());
  plan.run();
  EXPECT_EQ(planned.gradients(), eager.gradients()) << "a second run over the used arena";
}

TEST(Plan, LaunchesThatNothingNeedsAreDropped) {
  const auto launches = [](bool extra, bool wanted) {
    Graph g(cpu_reference_backend());
    const Var x = g.input(random_tensor({4, 3}, 1));
    g.output(activate(x, Activation::tanh));
    if (extra) {
      const Var unused = activate(activate(x, Activation::gelu), Activation::relu);
      if (wanted) g.output(unused);
    }
    return Plan(std::move(g)).launches();
  };
  EXPECT_EQ(launches(false, false), 1u);
  EXPECT_EQ(launches(true, false), 1u);
  EXPECT_EQ(launches(true, true), 3u);
}

TEST(Plan, FrozenParametersKeepNothingForGradients) {
  Network trained, frozen;
  const Plan whole = training_plan(trained), head_only = training_plan(frozen, true);
  EXPECT_LT(head_only.launches(), whole.launches() * 2 / 3);
  EXPECT_LT(head_only.arena_bytes(), whole.arena_bytes() / 2);
  head_only.run();
  whole.run();
  EXPECT_EQ(frozen.head.grad.to_vector<float>(), trained.head.grad.to_vector<float>());
  EXPECT_EQ(frozen.qkv.grad.to_vector<float>(), Tensor::zeros({36, 12}).to_vector<float>())
      << "must stay untouched";
}

TEST(Plan, AFrozenScopeStopsGradientsButLetsThemThrough) {
  Parameter w = make_parameter("w", {1, 3}, 1);
  Graph g(cpu_reference_backend());
  const Var x = g.input(random_tensor({1, 3}, 2), true);
  {
    const NoGrad no_grad(g);
    g.backward(linear(x, g.parameter(w)));
  }
  const Tensor dx = g.gradient(x);
  Plan(std::move(g)).run();
  EXPECT_EQ(dx.to_vector<float>(), w.value.to_vector<float>());
  EXPECT_EQ(w.grad.to_vector<float>(), std::vector<float>(3, 0));
}

TEST(Plan, AParameterMayBeTrainedAndFrozenInOneGraph) {
  Parameter w = make_parameter("w", {1, 1}, 1);
  w.value.assign(std::vector<float>{3});
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::of(std::vector<float>{5}, {1, 1}));
  const Var trained = linear(x, g.parameter(w));
  const NoGrad no_grad(g);
  g.backward(linear(trained, g.parameter(w)));  // w * x * constant(w)
  Plan(std::move(g)).run();
  EXPECT_EQ(w.grad.item(), 15);
}

TEST(Plan, ParametersThatTheLossDoesNotReachGetZero) {
  Parameter used = make_parameter("used", {1, 3}, 1), unused = make_parameter("unused", {2, 3}, 2);
  Graph g(cpu_reference_backend());
  const Var x = g.input(random_tensor({1, 3}, 3));
  linear(x, g.parameter(unused));
  g.backward(linear(x, g.parameter(used)));
  poison(unused.grad);
  Plan(std::move(g)).run();
  EXPECT_EQ(unused.grad.to_vector<float>(), std::vector<float>(6, 0));
}

class Steps : public testing::TestWithParam<Execution> {};
INSTANTIATE_TEST_SUITE_P(Executions, Steps, testing::Values(Execution::planned, Execution::eager),
                         [](const auto& kind) {
                           return kind.param == Execution::planned ? "planned" : "eager";
                         });

TEST_P(Steps, ReadInputsAnewAtEveryRun) {
  Tensor x = Tensor::of(std::vector<float>{1, 2}, {1, 2}), y = Tensor::zeros({1, 1});
  const Tensor w = Tensor::of(std::vector<float>{10, 1}, {1, 2});
  Step step(
      [&](Graph& g) {
        // An input that is written: what a step leaves behind in memory of its caller.
        AddArgs keep;
        keep.a = linear(g.input(x), g.input(w));
        static_cast<View&>(keep.y) = g.input(y);
        g.launch(keep);
      },
      cpu_reference_backend(), {.execution = GetParam()});
  step.run();
  EXPECT_EQ(y.item(), 12);
  x.assign(std::vector<float>{3, 4});
  step.run();
  EXPECT_EQ(y.item(), 34);
  EXPECT_EQ(step.plan() == nullptr, GetParam() == Execution::eager);
}

TEST_P(Steps, FindNonFiniteNamesTheOpAndElement) {
  Tensor x = Tensor::of(std::vector<float>{1, 2, 3}, {1, 3});
  const Tensor w = random_tensor({4, 3}, 1);
  Step step([&](Graph& g) { g.output(activate(linear(g.input(x), g.input(w)), Activation::gelu)); },
            cpu_reference_backend(), {.execution = GetParam()});
  EXPECT_NO_THROW(step.find_non_finite());
  x.assign(std::vector<float>{1, std::numeric_limits<float>::infinity(), 3});
  expect_error([&] { step.find_non_finite(); }, {"[linear]", "inf", "element 0", "[1,4]"});
}

TEST(StepErrors, FindNonFiniteNamesTheParameterWhoseGradientOverflows) {
  Parameter w = make_parameter("tower.w", {1, 1}, 1);
  Tensor x = Tensor::of(std::vector<float>{1}, {1, 1});
  const Tensor v = Tensor::of(std::vector<float>{1e20f}, {1, 1});
  Step step([&](Graph& g) { g.backward(linear(linear(g.input(x), g.parameter(w)), g.input(v))); },
            cpu_reference_backend());
  EXPECT_NO_THROW(step.find_non_finite());
  w.value.assign(std::vector<float>{1e-25f});
  x.assign(std::vector<float>{1e25f});  // the loss is 1e20, the gradient of w would be 1e45
  expect_error([&] { step.find_non_finite(); }, {"[linear_grad]", "inf", "'tower.w.grad'", "[1,1]"});
}

TEST(Plan, ReadingWhatNothingWroteIsRefused) {
  Graph g(cpu_reference_backend());
  g.output(activate(g.value({3}), Activation::tanh));
  expect_error([&] { Plan(std::move(g)); }, {"[activation]", "nothing has written"});
}

}  // namespace
