#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct Sides {
  int64_t from_height, from_width, to_height, to_width;
};
void PrintTo(const Sides& s, std::ostream* out) {
  *out << s.from_height << "x" << s.from_width << "_to_" << s.to_height << "x" << s.to_width;
}

/// What output i of `to` reads from input k of `from` along one axis.
double weight(Resampler resampler, int64_t i, int64_t k, int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const auto in = static_cast<double>(k), out = static_cast<double>(i);
  switch (resampler) {
    case Resampler::nearest:
      return k == i * from / to ? 1 : 0;
    case Resampler::tile:
      return k == i % from ? 1 : 0;
    case Resampler::bilinear: {  // a hat of width one around each input; edges hold beyond the outermost
                                 // centres
      const double place = std::clamp((out + 0.5) * scale - 0.5, 0.0, static_cast<double>(from - 1));
      return std::max(0.0, 1 - std::abs(place - in));
    }
    case Resampler::bicubic: {  // Keys's kernel around each input; what lies beyond an edge is that edge's
      const auto keys = [](double t) {
        if (t <= 1) return 1.25 * t * t * t - 2.25 * t * t + 1;
        return t < 2 ? -0.75 * (t * t * t - 5 * t * t + 8 * t - 4) : 0;
      };
      double sum = 0;
      for (int64_t j = -3; j < from + 3; ++j)
        if (std::clamp<int64_t>(j, 0, from - 1) == k)
          sum += keys(std::abs((out + 0.5) * scale - 0.5 - static_cast<double>(j)));
      return sum;
    }
    case Resampler::area:
      return std::max(0.0, std::min((out + 1) * scale, in + 1) - std::max(out * scale, in)) / scale;
  }
  return 0;
}

/// The aligned-corners hat of mask_sigmoid.
double aligned_weight(int64_t i, int64_t k, int64_t from, int64_t to) {
  const double place =
      to == 1 ? 0 : static_cast<double>(i) * static_cast<double>(from - 1) / static_cast<double>(to - 1);
  return std::max(0.0, 1 - std::abs(place - static_cast<double>(k)));
}

template <class Weight>
Doubles resampled(const Doubles& x, const Sides& s, int64_t channels, Weight&& along) {
  const int64_t batch = static_cast<int64_t>(x.size()) / (s.from_height * s.from_width * channels);
  Doubles y(at(batch * s.to_height * s.to_width * channels), 0);
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t h = 0; h < s.to_height; ++h)
      for (int64_t w = 0; w < s.to_width; ++w)
        for (int64_t i = 0; i < s.from_height; ++i)
          for (int64_t j = 0; j < s.from_width; ++j) {
            const double share =
                along(h, i, s.from_height, s.to_height) * along(w, j, s.from_width, s.to_width);
            if (share == 0) continue;
            for (int64_t c = 0; c < channels; ++c)
              y[at(((n * s.to_height + h) * s.to_width + w) * channels + c)] +=
                  share * x[at(((n * s.from_height + i) * s.from_width + j) * channels + c)];
          }
  return y;
}

Case resize_case(const Sides& s, Resampler resampler, int64_t channels = 3) {
  Case c;
  c.inputs = {{"x", random_tensor({2, s.from_height, s.from_width, channels}, 1)}};
  c.record = [=](Graph&, const Vars& v) { return Vars{resize(v[0], s.to_height, s.to_width, resampler)}; };
  c.reference = [=](const Arrays& v) {
    return Arrays{resampled(v[0], s, channels, [=](auto... axis) { return weight(resampler, axis...); })};
  };
  c.reduction = std::max(s.from_height * s.from_width, s.to_height * s.to_width);
  c.terms = 1;
  return c;
}

Case mask_case(const Sides& s) {
  Case c;
  c.inputs = {{"x", random_tensor({2, s.from_height, s.from_width, 1}, 1, -3, 3)}};
  c.record = [=](Graph&, const Vars& v) { return Vars{mask_sigmoid(v[0], s.to_height, s.to_width)}; };
  c.reference = [=](const Arrays& v) {
    Doubles y = resampled(v[0], s, 1, aligned_weight);
    for (double& value : y) value = activate64(Activation::sigmoid, value);
    return Arrays{y};
  };
  c.reduction = std::max<int64_t>(4, s.to_height * s.to_width);
  c.terms = 1;
  return c;
}

class ResizeOps : public testing::TestWithParam<Sides> {};
TEST_P(ResizeOps, Nearest) {
  check_op(resize_case(GetParam(), Resampler::nearest));
}
TEST_P(ResizeOps, Bilinear) {
  check_op(resize_case(GetParam(), Resampler::bilinear));
}
TEST_P(ResizeOps, Tile) {
  check_op(resize_case(GetParam(), Resampler::tile));
}
TEST_P(ResizeOps, Area) {
  check_op(resize_case(GetParam(), Resampler::area));
}
TEST_P(ResizeOps, Bicubic) {
  check_op(resize_case(GetParam(), Resampler::bicubic));
}
TEST_P(ResizeOps, MaskSigmoid) {
  check_op(mask_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ResizeOps,
                         testing::Values(Sides{1, 1, 1, 1}, Sides{1, 1, 3, 5}, Sides{5, 3, 1, 1},
                                         Sides{4, 4, 8, 8}, Sides{8, 6, 4, 3}, Sides{5, 7, 11, 3},
                                         Sides{7, 2, 7, 2}, Sides{13, 3, 5, 9}, Sides{2, 9, 16, 10}),
                         testing::PrintToStringParamName());

constexpr Resampler every_resampler[] = {Resampler::nearest, Resampler::bilinear, Resampler::area,
                                         Resampler::tile, Resampler::bicubic};

TEST(ResizeOps, AnyNumberOfChannels) {
  for (const Resampler resampler : every_resampler)
    for (const int64_t channels : {1, 5, 8, 16, 20}) {
      check_op(resize_case({3, 5, 7, 4}, resampler, channels));
      if (HasFatalFailure()) return;
    }
}

Tensor resized(const Tensor& x, int64_t height, int64_t width, Resampler resampler) {
  Graph g(cpu_reference_backend());
  const Tensor y = g.output(resize(g.input(x), height, width, resampler));
  Plan(std::move(g)).run();
  return y;
}

TEST(ResizeOps, KeepAConstant) {
  const Tensor flat = Tensor::of(std::vector<float>(300, 0.7f), {1, 10, 10, 3});
  for (const Resampler resampler : every_resampler)
    for (const int64_t size : {1, 2, 3, 7, 10, 16, 31})
      for (const float value : resized(flat, size, size + 1, resampler).to_vector<float>())
        ASSERT_NEAR(value, 0.7f, 1e-6f) << name_of(resampler) << size;
}

// A resized noise must keep its budget, so only bicubic may leave the input's range, and it is refused there.
TEST(ResizeOps, OnlyBicubicOvershoots) {
  std::vector<float> steps;
  for (int i = 0; i < 300; ++i) steps.push_back(i / 3 % 10 < 5 ? -1.0f : 1.0f);
  const Tensor edge = Tensor::of(steps, {1, 10, 10, 3});
  for (const Resampler resampler : every_resampler) {
    float most = 0;
    for (const int64_t size : {1, 2, 3, 7, 10, 16, 31})
      for (const float value : resized(edge, size, size + 1, resampler).to_vector<float>())
        most = std::max(most, std::abs(value));
    if (resampler == Resampler::bicubic)
      EXPECT_GT(most, 1.05f);
    else
      EXPECT_LE(most, 1.0f + 1e-6f) << name_of(resampler);
  }
  expect_error([] { check_noise_resampler("noise", Resampler::bicubic); }, {"[noise]", "bicubic", "eps"});
}

// Two rows of the example that ONNX's Resize gives of its cubic mode, with the a that it calls PyTorch's.
TEST(ResizeOps, BicubicIsPyTorchs) {
  std::vector<float> ramp;
  for (int i = 1; i <= 16; ++i) ramp.push_back(static_cast<float>(i));
  const std::vector<float> y =
      resized(Tensor::of(ramp, {1, 4, 4, 1}), 8, 8, Resampler::bicubic).to_vector<float>();
  const float first[] = {0.47265625f, 0.76953125f, 1.24609375f, 1.875f,
                         2.28125f,    2.91015625f, 3.38671875f, 3.68359375f};
  const float fourth[] = {6.08203125f, 6.37890625f, 6.85546875f, 7.484375f,
                          7.890625f,   8.51953125f, 8.99609375f, 9.29296875f};
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(y[i], first[i], 1e-6f) << i;
    EXPECT_NEAR(y[24 + i], fourth[i], 4e-6f) << i;
  }
}

}  // namespace
