#include <t2ue/core/augment_geometry.hpp>

#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct AugmentKind {
  int64_t batch, height, width;
  float min_area;
  bool flip;
  int shift;
};
void PrintTo(const AugmentKind& k, std::ostream* out) {
  *out << k.batch << "x" << k.height << "x" << k.width << "_area_" << static_cast<int>(k.min_area * 100)
       << (k.flip ? "_flip" : "") << "_shift_" << k.shift;
}

const PixelNorm norm{{0.5f, 0.4f, 0.3f}, {0.2f, 0.3f, 0.4f}};
constexpr int32_t number = 3;

AugmentOptions options_of(const AugmentKind& k) {
  return {.seed = 11, .min_area = k.min_area, .flip = k.flip, .shift = k.shift, .norm = norm};
}

Case augment_case(const AugmentKind& k) {
  Case c;
  c.inputs = {{"x", random_tensor({k.batch, k.height, k.width, 3}, 1, 0, 1)},
              {"counter", Tensor::of(std::vector<int32_t>{number}, {1}), false}};
  c.record = [k](Graph&, const Vars& v) { return Vars{augment(v[0], v[1], options_of(k))}; };
  c.reference = [k](const Arrays& v) {
    Doubles y;
    for (int64_t n = 0; n < k.batch; ++n) {
      const AugmentGeometry g = augment_geometry(11, static_cast<uint64_t>(number * k.batch + n), k.height,
                                                 k.width, k.min_area, k.flip, k.shift);
      const auto mix = [](double place, int64_t k0, int64_t size) {
        return std::max(0.0, 1 - std::abs(std::clamp(place, 0.0, static_cast<double>(size - 1)) -
                                          static_cast<double>(k0)));
      };
      for (int64_t h = 0; h < k.height; ++h)
        for (int64_t w = 0; w < k.width; ++w)
          for (int64_t c0 = 0; c0 < 3; ++c0) {
            double sum = 0;
            for (int64_t i = 0; i < k.height; ++i)
              for (int64_t j = 0; j < k.width; ++j)
                sum += mix(static_cast<double>(g.scale_y) * static_cast<double>(h) +
                               static_cast<double>(g.offset_y),
                           i, k.height) *
                       mix(static_cast<double>(g.scale_x) * static_cast<double>(w) +
                               static_cast<double>(g.offset_x),
                           j, k.width) *
                       v[0][at(((n * k.height + i) * k.width + j) * 3 + c0)];
            y.push_back((sum - static_cast<double>(norm.mean[at(c0)])) /
                        static_cast<double>(norm.std[at(c0)]));
          }
    }
    return Arrays{y};
  };
  c.reduction = 16;
  c.terms = static_cast<double>(std::max(k.height, k.width)) /
            0.2;  // coordinates are rounded relative to their size
  return c;
}

class AugmentOp : public testing::TestWithParam<AugmentKind> {};
TEST_P(AugmentOp, AgreesWithFloat64) {
  check_op(augment_case(GetParam()));
}

// <w, A x> = <A^T w, x>, with everything random and no normalisation.
TEST_P(AugmentOp, GradientIsTheTransposedMap) {
  const AugmentKind k = GetParam();
  AugmentOptions options = options_of(k);
  options.norm = {};
  Graph g(cpu_reference_backend());
  const Tensor picture = random_tensor({k.batch, k.height, k.width, 3}, 5);
  const Var x = g.input(picture, true);
  const Var y = augment(x, g.input(Tensor::of(std::vector<int32_t>{7}, {1})), options);
  g.backward(project(g, {y}));
  const Tensor out = g.output(y), dx = g.gradient(x);
  Plan(std::move(g)).run();
  const Doubles transposed = to_doubles(dx), in = to_doubles(picture);
  double inner = 0;
  for (size_t i = 0; i < in.size(); ++i) inner += transposed[i] * in[i];
  EXPECT_NEAR(inner, project({to_doubles(out)}, 1), 1e-5 * std::sqrt(static_cast<double>(in.size())));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AugmentOp,
    testing::Values(AugmentKind{1, 1, 1, 0.5f, true, 1}, AugmentKind{3, 4, 5, 1, false, 0},
                    AugmentKind{4, 5, 7, 1, true, 0}, AugmentKind{4, 6, 5, 1, false, 2},
                    AugmentKind{3, 7, 8, 0.3f, false, 0}, AugmentKind{5, 8, 6, 0.5f, true, 3},
                    AugmentKind{2, 17, 19, 0.1f, true, 2}, AugmentKind{2, 3, 4, 1, true, 9}),
    testing::PrintToStringParamName());

std::vector<float> augmented(const Tensor& x, int32_t counter, const AugmentOptions& options) {
  Graph g(cpu_reference_backend());
  const Tensor y =
      g.output(augment(g.input(x), g.input(Tensor::of(std::vector<int32_t>{counter}, {1})), options));
  Plan(std::move(g)).run();
  return y.to_vector<float>();
}

TEST(AugmentOp, DoesNothingUnlessAsked) {
  const Tensor x = random_tensor({4, 5, 6, 3}, 1);
  EXPECT_EQ(augmented(x, 9, {}), x.to_vector<float>());
}

TEST(AugmentOp, FlipsHalfOfThePictures) {
  const Tensor x = random_tensor({64, 1, 4, 3}, 1);
  const std::vector<float> in = x.to_vector<float>(), out = augmented(x, 0, {.flip = true, .norm = {}});
  int flipped = 0;
  for (size_t n = 0; n < 64; ++n) {
    const bool turned = out[n * 12] == in[n * 12 + 9];
    flipped += turned;
    for (size_t w = 0; w < 4; ++w)
      for (size_t c = 0; c < 3; ++c)
        ASSERT_EQ(out[n * 12 + w * 3 + c], in[n * 12 + (turned ? 3 - w : w) * 3 + c]) << n;
  }
  EXPECT_GT(flipped, 16);
  EXPECT_LT(flipped, 48);
}

TEST(AugmentOp, ShiftsByWholePixelsAndRepeatsEdges) {
  constexpr int64_t side = 6, most = 2;
  const Tensor x = distinct_tensor({16, side, side, 3}, 1);
  const std::vector<float> in = x.to_vector<float>(), out = augmented(x, 0, {.shift = most, .norm = {}});
  std::vector<int> seen(2 * most + 1, 0);
  for (int64_t n = 0; n < 16; ++n) {
    int matches = 0;
    for (int64_t down = -most; down <= most; ++down)
      for (int64_t right = -most; right <= most; ++right) {
        bool same = true;
        for (int64_t h = 0; h < side; ++h)
          for (int64_t w = 0; w < side; ++w) {
            const int64_t from = std::clamp<int64_t>(h + down, 0, side - 1) * side +
                                 std::clamp<int64_t>(w + right, 0, side - 1);
            same &= out[at((n * side * side + h * side + w) * 3)] == in[at((n * side * side + from) * 3)];
          }
        matches += same;
        if (same) ++seen[at(right + most)];
      }
    EXPECT_EQ(matches, 1) << "picture " << n;
  }
  for (const int count : seen) EXPECT_GT(count, 0) << "every shift should occur in 16 pictures";
}

// A ramp shows where a crop lies: its slope is the crop's width and its ends lie within the picture.
TEST(AugmentOp, CropsStayInsideThePicture) {
  constexpr int64_t side = 16, batch = 64;
  std::vector<float> ramp;
  for (int64_t i = 0; i < batch * side * side; ++i)
    ramp.insert(ramp.end(), {static_cast<float>(i % side), static_cast<float>(i / side % side), 0});
  const std::vector<float> out =
      augmented(Tensor::of(ramp, {batch, side, side, 3}), 0, {.min_area = 0.3f, .norm = {}});
  double smallest_area = 1, largest_area = 0;
  for (int64_t n = 0; n < batch; ++n) {
    const auto value = [&](int64_t h, int64_t w, int64_t c) {
      return static_cast<double>(out[at(((n * side + h) * side + w) * 3 + c)]);
    };
    const double width = value(8, 9, 0) - value(8, 8, 0), height = value(9, 8, 1) - value(8, 8, 1);
    const double area = width * height;
    smallest_area = std::min(smallest_area, area), largest_area = std::max(largest_area, area);
    EXPECT_GT(area, 0.3 - 1e-4);
    EXPECT_LT(area, 1 + 1e-4);
    EXPECT_GT(width / height, 0.75 - 1e-4);
    EXPECT_LT(width / height, 4.0 / 3 + 1e-4);
    const double left = value(8, 8, 0) - 8.5 * width + 0.5, right = left + side * width;
    EXPECT_GT(left, -1e-4);
    EXPECT_LT(right, side + 1e-4);
  }
  EXPECT_LT(smallest_area, 0.4);
  EXPECT_GT(largest_area, 0.8);
}

TEST(AugmentOp, DrawsDependOnSeedAndCounterOnly) {
  const Tensor x = random_tensor({3, 8, 8, 3}, 1);
  const AugmentOptions options{.seed = 1, .min_area = 0.5f, .norm = {}};
  EXPECT_EQ(augmented(x, 4, options), augmented(x, 4, options));
  EXPECT_NE(augmented(x, 4, options), augmented(x, 5, options));
  EXPECT_NE(augmented(x, 4, options), augmented(x, 4, {.seed = 2, .min_area = 0.5f, .norm = {}}));
}

}  // namespace
