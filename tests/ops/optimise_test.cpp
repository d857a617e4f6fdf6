#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

/// A flat arena of parameters in segments, as optimisers see it.
struct Arena {
  explicit Arena(const Target& target) : device(target.device) {
    if (target.backend->bf16) shadow = Tensor(shape, DType::bf16, device);
  }

  Device device;
  std::vector<int32_t> offsets{0, 3, 3, 17, 5003};  // an empty segment, a ragged one, one for several threads
  std::vector<float> decay{0, 0.3f, 0.1f, 0.05f};
  Shape shape{offsets.back()};
  Tensor value = on_device(random_tensor(shape, 1), DType::f32, device);
  Tensor first = Tensor::zeros(shape, DType::f32, device), second = Tensor::zeros(shape, DType::f32, device);
  Tensor grad = Tensor(shape, DType::f32, device), hyper = Tensor({4}, DType::f32, device),
         norm = Tensor({2}, DType::f32, device);
  Tensor segments = Tensor::of(offsets, {5}, device), decays = Tensor::of(decay, {4}, device);
  Tensor shadow;

  double decay_of(size_t i) const {
    size_t s = 0;
    while (static_cast<size_t>(offsets[s + 1]) <= i) ++s;
    return static_cast<double>(decay[s]);
  }
};

constexpr int updates = 5;

/// The shadow is the value rounded, bit for bit.
void expect_shadow(const Arena& a) {
  if (!a.shadow) return;
  std::vector<float> rounded;
  for (const float value : a.value.to_vector<float>()) rounded.push_back(static_cast<float>(bf16(value)));
  EXPECT_EQ(a.shadow.to_floats(), rounded);
}

void expect_arena(const Tensor& actual, const Doubles& expected, const char* what) {
  expect_near(actual.to_vector<float>(), expected, testing_tolerance::fp32(updates, expected), what);
}

struct AdamKind {
  bool decoupled, clipped;
};

class AdamOp : public testing::TestWithParam<AdamKind> {};
TEST_P(AdamOp, AgreesWithFloat64) {
  const auto [decoupled, clipped] = GetParam();
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    Arena a(target);
    AdamArgs args{.value = a.value.view(),
                  .grad = a.grad.view(),
                  .first = a.first.view(),
                  .second = a.second.view(),
                  .segments = a.segments.view(),
                  .decay = a.decays.view(),
                  .hyper = a.hyper.view(),
                  .norm = clipped ? a.norm.view() : View{},
                  .shadow = a.shadow.view(),
                  .beta1 = 0.9f,
                  .beta2 = 0.99f,
                  .eps = 1e-3f,
                  .decoupled = decoupled};
    Doubles value = to_doubles(a.value), first(value.size(), 0), second(value.size(), 0);
    const double beta1 = args.beta1, beta2 = args.beta2;
    for (int t = 1; t <= updates; ++t) {
      a.grad.assign(random_values(a.shape.elements(), 10 + static_cast<uint64_t>(t)));
      const float rate = 0.01f * static_cast<float>(t);
      const double correction1 = 1 - std::pow(beta1, t), correction2 = 1 - std::pow(beta2, t);
      a.hyper.assign(
          std::vector<float>{rate, static_cast<float>(correction1), static_cast<float>(correction2), 0});
      a.norm.assign(std::vector<float>{2, 0.5f});
      target.backend->kernels.adam(args, target.stream());
      const Doubles grad = to_doubles(a.grad);
      for (size_t i = 0; i < value.size(); ++i) {
        double g = grad[i] * (clipped ? 0.5 : 1);
        if (decoupled)
          value[i] *= 1 - static_cast<double>(rate) * a.decay_of(i);
        else
          g += a.decay_of(i) * value[i];
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        value[i] -= static_cast<double>(rate) * first[i] / correction1 /
                    (std::sqrt(second[i] / correction2) + static_cast<double>(args.eps));
      }
    }
    expect_arena(a.value, value, "value");
    expect_shadow(a);
    expect_arena(a.first, first, "first moment");
    expect_arena(a.second, second, "second moment");
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, AdamOp,
                         testing::Values(AdamKind{true, false}, AdamKind{true, true}, AdamKind{false, false},
                                         AdamKind{false, true}),
                         [](const auto& kind) {
                           return std::string(kind.param.decoupled ? "decoupled" : "coupled") +
                                  (kind.param.clipped ? "_clipped" : "");
                         });

struct SgdKind {
  float momentum;
  bool nesterov, clipped;
};

class SgdOp : public testing::TestWithParam<SgdKind> {};
TEST_P(SgdOp, AgreesWithFloat64) {
  const auto [momentum, nesterov, clipped] = GetParam();
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    Arena a(target);
    const SgdArgs args{.value = a.value.view(),
                       .grad = a.grad.view(),
                       .first = a.first.view(),
                       .segments = a.segments.view(),
                       .decay = a.decays.view(),
                       .hyper = a.hyper.view(),
                       .norm = clipped ? a.norm.view() : View{},
                       .shadow = a.shadow.view(),
                       .momentum = momentum,
                       .nesterov = nesterov};
    Doubles value = to_doubles(a.value), first(value.size(), 0);
    for (int t = 1; t <= updates; ++t) {
      a.grad.assign(random_values(a.shape.elements(), 10 + static_cast<uint64_t>(t)));
      a.hyper.assign(std::vector<float>{0.1f, 1, 1, 0});
      a.norm.assign(std::vector<float>{4, 0.25f});
      target.backend->kernels.sgd(args, target.stream());
      const Doubles grad = to_doubles(a.grad);
      for (size_t i = 0; i < value.size(); ++i) {
        const double g = grad[i] * (clipped ? 0.25 : 1) + a.decay_of(i) * value[i];
        first[i] = static_cast<double>(momentum) * first[i] + g;
        value[i] -=
            static_cast<double>(0.1f) * (nesterov ? g + static_cast<double>(momentum) * first[i] : first[i]);
      }
    }
    expect_arena(a.value, value, "value");
    expect_shadow(a);
    expect_arena(a.first, first, "momentum");
  }
}
INSTANTIATE_TEST_SUITE_P(Kinds, SgdOp,
                         testing::Values(SgdKind{0, false, false}, SgdKind{0.9f, false, false},
                                         SgdKind{0.9f, true, true}),
                         [](const auto& kind) {
                           return std::string(kind.param.momentum > 0 ? "momentum" : "plain") +
                                  (kind.param.nesterov ? "_nesterov" : "") +
                                  (kind.param.clipped ? "_clipped" : "");
                         });

TEST(GradNormOp, IsTheLengthAndTheFactorThatClipsIt) {
  for (const Target& target : fp32_targets())
    for (const int64_t count : {1, 7, 4096, 10007}) {
      const Tensor grad = on_device(random_tensor({count}, 3), DType::f32, target.device),
                   norm({2}, DType::f32, target.device);
      double squares = 0;
      for (const double g : to_doubles(grad)) squares += g * g;
      const double length = std::sqrt(squares);
      for (const double limit : {0.0, 0.5 * length, 2 * length}) {
        target.backend->kernels.grad_norm({grad.view(), norm.view(), static_cast<float>(limit)},
                                          target.stream());
        const std::vector<float> result = norm.to_vector<float>();
        EXPECT_NEAR(static_cast<double>(result[0]), length, 1e-6 * length);
        EXPECT_NEAR(result[1], limit > 0 && limit < length ? 0.5f : 1.0f, 1e-6f);
      }
    }
}

TEST(EmaOp, AgreesWithFloat64) {
  for (const Target& target : fp32_targets())
    for (const int64_t count : {1, 3, 5003}) {
      SCOPED_TRACE(concat(target.name, ", ", count));
      const Tensor average = on_device(random_tensor({count}, 1), DType::f32, target.device);
      Tensor value({count}, DType::f32, target.device);
      Doubles expected = to_doubles(average);
      const EmaArgs args{value.view(), average.view(), 0.9f};
      const double decay = args.decay;
      for (uint64_t t = 0; t < updates; ++t) {
        value.assign(random_values(count, 10 + t));
        target.backend->kernels.ema(args, target.stream());
        const Doubles values = to_doubles(value);
        for (size_t i = 0; i < expected.size(); ++i)
          expected[i] = decay * expected[i] + (1 - decay) * values[i];
      }
      expect_arena(average, expected, "average");
    }
}

TEST(EmaOp, LeavesAnAverageThatHasArrivedAlone) {
  for (const Target& target : fp32_targets())
    for (const float decay : {0.0f, 0.3f, 0.9999f}) {
      SCOPED_TRACE(concat(target.name, ", ", decay));
      const Tensor value = on_device(random_tensor({5003}, 1), DType::f32, target.device),
                   average = on_device(random_tensor({5003}, 1), DType::f32, target.device);
      target.backend->kernels.ema({value.view(), average.view(), decay}, target.stream());
      EXPECT_EQ(average.to_vector<float>(), value.to_vector<float>());
    }
}

TEST(ClampOp, KeepsEveryElementWithinItsBounds) {
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const Tensor x = on_device(random_tensor({9001}, 1), DType::f32, target.device);
    const std::vector<float> before = x.to_vector<float>();
    target.backend->kernels.clamp({x.view(), -0.25f, 0.5f}, target.stream());
    const std::vector<float> after = x.to_vector<float>();
    for (size_t i = 0; i < after.size(); ++i) ASSERT_EQ(after[i], std::clamp(before[i], -0.25f, 0.5f)) << i;
  }
}

TEST(FillOp, WritesEveryElement) {
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const Tensor y({9001}, DType::f32, target.device);
    poison(y);
    target.backend->kernels.fill({y.view(), 0.25f}, target.stream());
    EXPECT_EQ(y.to_vector<float>(), std::vector<float>(9001, 0.25f));
  }
}

}  // namespace
