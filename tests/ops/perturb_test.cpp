#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

enum class Picture : uint8_t { none, f32, u8 };
struct PerturbKind {
  Limiter limiter;
  Picture picture;
  bool quantise;
};
void PrintTo(const PerturbKind& k, std::ostream* out) {
  *out << name_of(k.limiter)
       << (k.picture == Picture::none ? "_alone"
           : k.picture == Picture::u8 ? "_on_u8"
                                      : "_on_f32")
       << (k.quantise ? "_quantised" : "");
}

constexpr double eps = 8.0f / 255.0f;
const PixelNorm norm{{0.48f, 0.46f, 0.41f}, {0.27f, 0.26f, 0.28f}};

double limited(Limiter limiter, double raw) {
  if (limiter == Limiter::none) return raw;
  return limiter == Limiter::tanh_scale ? eps * std::tanh(raw) : std::clamp(std::tanh(raw), -eps, eps);
}

/// Inputs: raw, then the picture if there is one. The pixel before rounding and normalising.
double pixel(const PerturbKind& k, const Arrays& v, size_t i) {
  const double change = limited(k.limiter, v[0][i]);
  if (k.picture == Picture::none) return change;
  return std::clamp((k.picture == Picture::u8 ? v[1][i] / 255 : v[1][i]) + change, 0.0, 1.0);
}

Doubles perturbed(const PerturbKind& k, const Arrays& v, bool quantise) {
  Doubles y(v[0].size());
  for (size_t i = 0; i < y.size(); ++i) {
    double value = pixel(k, v, i);
    if (quantise) value = std::nearbyint(value * 255) / 255;
    y[i] = (value - static_cast<double>(norm.mean[i % 3])) / static_cast<double>(norm.std[i % 3]);
  }
  return y;
}

/// How far the inputs are from where the op is not smooth: the limiter's edge, the pixel range's ends,
/// rounding ties.
double margin(const PerturbKind& k, const Arrays& v) {
  double least = 1;
  for (size_t i = 0; i < v[0].size(); ++i) {
    if (k.limiter == Limiter::clamp) least = std::min(least, std::abs(std::abs(std::tanh(v[0][i])) - eps));
    if (k.picture != Picture::none) {
      const double sum = (k.picture == Picture::u8 ? v[1][i] / 255 : v[1][i]) + limited(k.limiter, v[0][i]);
      least = std::min({least, std::abs(sum), std::abs(1 - sum)});
    }
    if (k.quantise) {
      const double steps = pixel(k, v, i) * 255;
      least = std::min(least, std::abs(steps - std::floor(steps) - 0.5));
    }
  }
  return least;
}

Tensor picture_tensor(Picture kind, const Shape& shape, uint64_t item) {
  std::vector<float> values = random_values(shape.elements(), item, -0.2f, 1.2f);
  for (float& value : values) value = std::clamp(value, 0.0f, 1.0f);
  if (kind == Picture::f32) return Tensor::of(values, shape);
  std::vector<uint8_t> bytes;
  for (const float value : values) bytes.push_back(static_cast<uint8_t>(std::lround(value * 255)));
  return Tensor::of(bytes, shape);
}

Case perturb_case(const PerturbKind& k, const Shape& shape) {
  Case c;
  for (uint64_t item = 0;; item += 10) {
    const float spread = k.limiter == Limiter::tanh_scale ? 2.0f : 0.06f;
    c.inputs = {{"raw", random_tensor(shape, item, -spread, spread)}};
    if (k.picture != Picture::none)
      c.inputs.push_back(single("image", picture_tensor(k.picture, shape, item + 1), false));
    if (margin(k, to_doubles(c.inputs)) > kink_margin / 2) break;
  }
  const PerturbOptions options{k.limiter, static_cast<float>(eps), k.quantise, norm};
  c.record = [=](Graph&, const Vars& v) {
    return Vars{perturb(k.picture == Picture::none ? Var{} : v[1], v[0], options)};
  };
  c.reference = [k](const Arrays& v) { return Arrays{perturbed(k, v, k.quantise)}; };
  c.gradient_of = [k](const Arrays& v) { return Arrays{perturbed(k, v, false)}; };
  c.terms = 1 / 0.26;
  return c;
}

class PerturbOp : public testing::TestWithParam<PerturbKind> {};
TEST_P(PerturbOp, AgreesWithFloat64) {
  check_op(perturb_case(GetParam(), {1, 1, 1, 3}));
  check_op(perturb_case(GetParam(), {2, 3, 5, 3}));
}

INSTANTIATE_TEST_SUITE_P(Kinds, PerturbOp, testing::ValuesIn([] {
                           std::vector<PerturbKind> all;
                           for (const Limiter l : {Limiter::none, Limiter::tanh_scale, Limiter::clamp})
                             for (const Picture p : {Picture::none, Picture::f32, Picture::u8})
                               for (const bool quantise : {false, true}) all.push_back({l, p, quantise});
                           return all;
                         }()),
                         testing::PrintToStringParamName());

std::vector<float> run_perturb(const Tensor& image, const Tensor& raw, const PerturbOptions& options) {
  Graph g(cpu_reference_backend());
  const Tensor y = g.output(perturb(image ? g.input(image) : Var{}, raw ? g.input(raw) : Var{}, options));
  Plan(std::move(g)).run();
  return y.to_vector<float>();
}

TEST(PerturbOp, APictureAloneIsOnlyNormalised) {
  const Tensor bytes = Tensor::of(std::vector<uint8_t>{0, 51, 255}, {1, 1, 1, 3});
  const std::vector<float> y = run_perturb(bytes, {}, {.norm = {{0, 0, 0.5f}, {1, 1, 0.5f}}});
  EXPECT_EQ(y[0], 0);
  EXPECT_FLOAT_EQ(y[1], 0.2f);
  EXPECT_FLOAT_EQ(y[2], 1);
}

TEST(PerturbOp, NeverExceedsEpsOrThePixelRange) {
  const Shape shape{1, 40, 40, 3};
  const Tensor image = picture_tensor(Picture::u8, shape, 1), raw = random_tensor(shape, 2, -30, 30);
  for (const Limiter limiter : {Limiter::tanh_scale, Limiter::clamp}) {
    const std::vector<float> y = run_perturb(image, raw, {limiter, static_cast<float>(eps), true, {}});
    const Doubles x = to_doubles(image);
    for (size_t i = 0; i < y.size(); ++i) {
      const double steps = static_cast<double>(y[i]) * 255;
      ASSERT_LE(std::abs(std::round(steps) - x[i]), 8) << name_of(limiter);
      ASSERT_NEAR(steps, std::round(steps), 1e-4) << "a whole step";
      ASSERT_GE(y[i], 0);
      ASSERT_LE(y[i], 1);
    }
  }
}

TEST(PerturbOp, RoundsHalfToEven) {
  const Tensor raw = Tensor::of(std::vector<float>{0.5f / 255, 1.5f / 255, -0.5f / 255}, {1, 1, 1, 3});
  const std::vector<float> y = run_perturb({}, raw, {.quantise = true, .norm = {}});
  EXPECT_EQ(y[0], 0);
  EXPECT_FLOAT_EQ(y[1], 2.0f / 255);
  EXPECT_EQ(y[2], 0);
}

TEST(PerturbOp, ThePictureIsData) {
  Graph g(cpu_reference_backend());
  const Var image = g.input(Tensor::zeros({1, 2, 2, 3}), true);
  expect_error([&] { perturb(image, g.input(Tensor::zeros({1, 2, 2, 3}))); }, {"perturb", "data"});
}

}  // namespace
