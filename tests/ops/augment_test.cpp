#include <set>
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
  float brightness = 0, contrast = 0, saturation = 0, grayscale = 0;
  int cutout = 0;
};
void PrintTo(const AugmentKind& k, std::ostream* out) {
  const auto percent = [](float value) { return static_cast<int>(value * 100); };
  *out << k.batch << "x" << k.height << "x" << k.width << "_area_" << percent(k.min_area)
       << (k.flip ? "_flip" : "") << "_shift_" << k.shift << "_colour_" << percent(k.brightness) << "_"
       << percent(k.contrast) << "_" << percent(k.saturation) << "_" << percent(k.grayscale) << "_cutout_"
       << k.cutout;
}

const PixelNorm norm{{0.5f, 0.4f, 0.3f}, {0.2f, 0.3f, 0.4f}};
constexpr int32_t number = 3;

AugmentOptions options_of(const AugmentKind& k) {
  return {.seed = 11,
          .min_area = k.min_area,
          .flip = k.flip,
          .translation = k.shift,
          .brightness = k.brightness,
          .contrast = k.contrast,
          .saturation = k.saturation,
          .grayscale = k.grayscale,
          .cutout = k.cutout,
          .norm = norm};
}

uint64_t item_of(const AugmentKind& k, int64_t n) {
  return static_cast<uint64_t>(number * k.batch + n);
}

/// Crop, flip and translation of picture n of x.
Doubles moved64(const AugmentKind& k, const Doubles& x, int64_t n) {
  const AugmentGeometry g = augment_geometry(options_of(k), item_of(k, n), k.height, k.width);
  const auto mix = [](double place, int64_t k0, int64_t size) {
    return std::max(
        0.0, 1 - std::abs(std::clamp(place, 0.0, static_cast<double>(size - 1)) - static_cast<double>(k0)));
  };
  const auto place = [](float scale, float offset, int64_t i) {
    return static_cast<double>(scale) * static_cast<double>(i) + static_cast<double>(offset);
  };
  Doubles y;
  for (int64_t h = 0; h < k.height; ++h)
    for (int64_t w = 0; w < k.width; ++w)
      for (int64_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (int64_t i = 0; i < k.height; ++i)
          for (int64_t j = 0; j < k.width; ++j)
            sum += mix(place(g.scale_y, g.offset_y, h), i, k.height) *
                   mix(place(g.scale_x, g.offset_x, w), j, k.width) *
                   x[at(((n * k.height + i) * k.width + j) * 3 + c)];
        y.push_back(sum);
      }
  return y;
}

/// The operations on colours one after the other, as a picture editor has them.
void recolour64(const AugmentKind& k, Doubles& picture, int64_t n) {
  Random random(11, Purpose::colour, item_of(k, n));
  const auto factor = [&](float strength) {
    const double low = std::max(0.0, 1 - static_cast<double>(strength));
    return low + (1 + static_cast<double>(strength) - low) * static_cast<double>(random.uniform());
  };
  const double brightness = factor(k.brightness), contrast = factor(k.contrast),
               saturation = factor(k.saturation);
  const bool grey = random.uniform() < k.grayscale;
  if (k.brightness == 0 && k.contrast == 0 && k.saturation == 0 && k.grayscale == 0) return;
  for (size_t i = 0; i < picture.size(); i += 3) {
    double* rgb = picture.data() + i;
    const auto luma = [&] { return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; };
    for (int c = 0; c < 3; ++c) rgb[c] *= brightness;
    for (int c = 0; c < 3; ++c) rgb[c] = 0.5 + contrast * (rgb[c] - 0.5);
    const double before = luma();
    for (int c = 0; c < 3; ++c) rgb[c] = before + saturation * (rgb[c] - before);
    const double after = luma();
    for (int c = 0; c < 3; ++c) rgb[c] = std::clamp(grey ? after : rgb[c], 0.0, 1.0);
  }
}

/// Whether the square of picture n holds the pixel.
bool cut64(const AugmentKind& k, int64_t n, int64_t row, int64_t column) {
  Random random(11, Purpose::cutout, item_of(k, n));
  const int64_t top = int64_t{random.below(static_cast<uint32_t>(k.height))} - k.cutout / 2;
  const int64_t left = int64_t{random.below(static_cast<uint32_t>(k.width))} - k.cutout / 2;
  return row >= top && row < top + k.cutout && column >= left && column < left + k.cutout;
}

Case augment_case(const AugmentKind& k) {
  Case c;
  c.inputs = {{"x", random_tensor({k.batch, k.height, k.width, 3}, 1, 0, 1)},
              {"counter", Tensor::of(std::vector<int32_t>{number}, {1}), false}};
  c.record = [k](Graph&, const Vars& v) { return Vars{augment(v[0], v[1], options_of(k))}; };
  c.reference = [k](const Arrays& v) {
    Doubles y;
    for (int64_t n = 0; n < k.batch; ++n) {
      Doubles picture = moved64(k, v[0], n);
      recolour64(k, picture, n);
      for (int64_t i = 0; i < k.height * k.width; ++i)
        for (size_t ch = 0; ch < 3; ++ch) {
          const double mean = static_cast<double>(norm.mean[ch]), std = static_cast<double>(norm.std[ch]);
          const double value = (picture[at(i) * 3 + ch] - mean) / std;
          y.push_back(cut64(k, n, i / k.width, i % k.width) ? 0.0 : value);
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

// <w, A x> = <A^T w, x>, with everything random and no normalisation; colours are no linear map.
TEST_P(AugmentOp, GradientIsTheTransposedMap) {
  const AugmentKind k = GetParam();
  AugmentOptions options = options_of(k);
  options.brightness = options.contrast = options.saturation = options.grayscale = 0;
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
    testing::Values(
        AugmentKind{1, 1, 1, 0.5f, true, 1}, AugmentKind{3, 4, 5, 1, false, 0},
        AugmentKind{4, 5, 7, 1, true, 0}, AugmentKind{4, 6, 5, 1, false, 2},
        AugmentKind{3, 7, 8, 0.3f, false, 0}, AugmentKind{5, 8, 6, 0.5f, true, 3},
        AugmentKind{2, 17, 19, 0.1f, true, 2}, AugmentKind{2, 3, 4, 1, true, 9},
        AugmentKind{4, 5, 3, 1, false, 0, 0.8f, 0, 0, 0}, AugmentKind{4, 5, 3, 1, false, 0, 0, 1.5f, 0, 0},
        AugmentKind{4, 5, 3, 1, false, 0, 0, 0, 2, 0}, AugmentKind{6, 4, 3, 1, false, 0, 0, 0, 0, 0.5f},
        AugmentKind{5, 7, 6, 0.4f, true, 2, 0.4f, 0.4f, 0.4f, 0.2f},
        AugmentKind{6, 9, 7, 1, false, 0, 0, 0, 0, 0, 4}, AugmentKind{3, 4, 6, 1, true, 1, 0, 0, 0, 0, 3},
        AugmentKind{2, 3, 3, 1, false, 0, 0, 0, 0, 0, 100},
        AugmentKind{4, 18, 17, 0.4f, true, 2, 0.9f, 0.9f, 1, 0.3f, 5}),
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
  const std::vector<float> in = x.to_vector<float>(),
                           out = augmented(x, 0, {.translation = most, .norm = {}});
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

/// Every pixel of every picture: 64 pictures of one colour.
std::vector<float> recoloured(std::array<float, 3> colour, const AugmentOptions& options) {
  std::vector<float> pictures;
  for (int i = 0; i < 64; ++i) pictures.insert(pictures.end(), colour.begin(), colour.end());
  return augmented(Tensor::of(pictures, {64, 1, 1, 3}), 0, options);
}

TEST(AugmentOp, BrightnessFactorsFillTheirRange) {
  const auto [least, most] = [](const std::vector<float>& values) {
    const auto ends = std::minmax_element(values.begin(), values.end());
    return std::pair{*ends.first, *ends.second};
  }(recoloured({0.5f, 0.5f, 0.5f}, {.brightness = 0.4f, .norm = {}}));
  EXPECT_GE(least, 0.3f);
  EXPECT_LT(least, 0.33f);
  EXPECT_LE(most, 0.7f);
  EXPECT_GT(most, 0.67f);
  for (const float value : recoloured({0.1f, 0.1f, 0.1f}, {.brightness = 9, .norm = {}})) {
    EXPECT_GE(value, 0) << "a strength above 1 must not make negative light";
    EXPECT_LE(value, 1);
  }
}

TEST(AugmentOp, ContrastKeepsMidGreyAndSaturationKeepsGreys) {
  for (const float value : recoloured({0.5f, 0.5f, 0.5f}, {.contrast = 0.9f, .norm = {}}))
    EXPECT_NEAR(value, 0.5f, 1e-6f);
  for (const float value : recoloured({0.3f, 0.3f, 0.3f}, {.saturation = 0.9f, .norm = {}}))
    EXPECT_NEAR(value, 0.3f, 1e-6f);
  const std::vector<float> contrast = recoloured({0.25f, 0.25f, 0.25f}, {.contrast = 0.5f, .norm = {}});
  EXPECT_LT(*std::min_element(contrast.begin(), contrast.end()), 0.15f);
  EXPECT_GT(*std::max_element(contrast.begin(), contrast.end()), 0.35f);
}

TEST(AugmentOp, GrayscaleTakesTheColoursOfSomePictures) {
  const std::vector<float> out = recoloured({0.9f, 0.2f, 0.4f}, {.grayscale = 0.5f, .norm = {}});
  int grey = 0;
  for (size_t n = 0; n < 64; ++n) {
    const float* rgb = out.data() + 3 * n;
    if (rgb[0] == rgb[1]) {
      EXPECT_NEAR(rgb[0], 0.299f * 0.9f + 0.587f * 0.2f + 0.114f * 0.4f, 1e-6f);
      EXPECT_EQ(rgb[1], rgb[2]);
      ++grey;
    } else {
      EXPECT_NEAR(rgb[0], 0.9f, 1e-6f);
      EXPECT_NEAR(rgb[2], 0.4f, 1e-6f);
    }
  }
  EXPECT_GT(grey, 16);
  EXPECT_LT(grey, 48);
}

// The square's centre may be any pixel; squares are clipped at the edges, and everywhere else nothing
// changes.
TEST(AugmentOp, CutoutIsOneSquareAPicture) {
  constexpr int64_t side = 8, cut = 4, batch = 256;
  const Tensor x = random_tensor({batch, side, side, 3}, 1, 0.1f, 1);
  const AugmentOptions moved{.seed = 3, .min_area = 0.5f, .flip = true, .translation = 1, .norm = norm};
  AugmentOptions holed = moved;
  holed.cutout = cut;
  const std::vector<float> whole = augmented(x, 1, moved), out = augmented(x, 1, holed);
  std::set<std::array<int64_t, 4>> squares;
  for (int64_t n = 0; n < batch; ++n) {
    int64_t top = side, bottom = 0, left = side, right = 0, zeros = 0;
    for (int64_t i = 0; i < side * side; ++i) {
      const size_t pixel = at((n * side * side + i) * 3);
      if (out[pixel] == 0 && out[pixel + 1] == 0 && out[pixel + 2] == 0) {
        ++zeros;
        top = std::min(top, i / side), bottom = std::max(bottom, i / side + 1);
        left = std::min(left, i % side), right = std::max(right, i % side + 1);
      } else {
        for (size_t c = 0; c < 3; ++c) ASSERT_EQ(out[pixel + c], whole[pixel + c]) << n << " " << i;
      }
    }
    EXPECT_EQ(zeros, (bottom - top) * (right - left)) << n;
    EXPECT_LE(std::max(bottom - top, right - left), cut);
    EXPECT_GE(std::min(bottom - top, right - left), cut / 2) << "the centre lies within the picture";
    squares.insert({top, bottom, left, right});
  }
  EXPECT_GT(squares.size(), 60u) << "64 centres, 256 draws";
}

TEST(AugmentOp, DrawsDependOnSeedAndCounterOnly) {
  const Tensor x = random_tensor({3, 8, 8, 3}, 1);
  const AugmentOptions options{.seed = 1, .min_area = 0.5f, .norm = {}};
  EXPECT_EQ(augmented(x, 4, options), augmented(x, 4, options));
  EXPECT_NE(augmented(x, 4, options), augmented(x, 5, options));
  EXPECT_NE(augmented(x, 4, options), augmented(x, 4, {.seed = 2, .min_area = 0.5f, .norm = {}}));
}

}  // namespace
