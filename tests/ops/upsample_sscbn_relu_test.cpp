#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct MapSizes {
  int64_t batch, height, width, channels;
  int up;
  bool training;
};
void PrintTo(const MapSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.height << "x" << s.width << "x" << s.channels << "_up_" << s.up
       << (s.training ? "_train" : "_eval");
}

/// x [N,h,w,C] with every pixel repeated up x up times.
Doubles upsampled(const MapSizes& s, const Doubles& x) {
  Doubles y;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t h = 0; h < s.height * s.up; ++h)
      for (int64_t w = 0; w < s.width * s.up; ++w)
        for (int64_t c = 0; c < s.channels; ++c)
          y.push_back(x[at(((n * s.height + h / s.up) * s.width + w / s.up) * s.channels + c)]);
  return y;
}

/// The un-fused composition up to the ReLU: upsample, normalise with the statistics of the upsampled map,
/// modulate. Inputs: x, gamma, beta, mask, running mean, running variance.
Doubles before_relu(const MapSizes& s, const Arrays& v) {
  const Doubles x = upsampled(s, v[0]);
  const auto channels = at(s.channels), picture = x.size() / at(s.batch);
  const Moments64 m = s.training ? moments64(x, channels) : Moments64{v[4], v[5]};
  Doubles z(x.size());
  for (size_t i = 0; i < z.size(); ++i) {
    const size_t c = i % channels, of_picture = i / picture * channels + c;
    const double normalised = (x[i] - m.mean[c]) / std::sqrt(m.variance[c] + static_cast<double>(1e-5f));
    const double mask = v[3][i / channels];
    z[i] = (1 + mask * v[1][of_picture]) * normalised + mask * v[2][of_picture];
  }
  return z;
}

/// margin: how far every value before the ReLU is from its kink at least; finite differences need one.
Case sscbn_case(const MapSizes& s, double margin = kink_margin) {
  Case c;
  const Shape channels{s.channels}, per_picture{s.batch, s.channels};
  for (uint64_t item = 0;; item += 10) {
    c.inputs = {{"x", random_tensor({s.batch, s.height, s.width, s.channels}, item, -1, 2)},
                {"gamma", random_tensor(per_picture, item + 1)},
                {"beta", random_tensor(per_picture, item + 2)},
                {"mask", random_tensor({s.batch, s.height * s.up, s.width * s.up, 1}, item + 3, 0, 1)},
                single("running_mean", random_tensor(channels, item + 4), false, s.training),
                single("running_var", random_tensor(channels, item + 5, 0.5f, 2), false, s.training)};
    if (smallest(before_relu(s, to_doubles(c.inputs))) >= margin) break;
  }
  c.record = [s](Graph& g, const Vars& v) {
    const auto op = [&] { return upsample_sscbn_relu(v[0], v[1], v[2], v[3], v[4], v[5], s.up); };
    if (s.training) return Vars{op()};
    const EvalMode eval_mode(g);
    return Vars{op()};
  };
  c.reference = [s](const Arrays& v) {
    Doubles y = before_relu(s, v);
    for (double& value : y) value = std::max(value, 0.0);
    Arrays all{y};
    if (s.training) {
      // Unbiased by the number of pixels after upsampling, as the composition would see them.
      const double count = static_cast<double>(s.batch * s.height * s.width * s.up * s.up);
      const Moments64 batch = moments64(upsampled(s, v[0]), at(s.channels));
      const Moments64 now = running64(v[4], v[5], batch, count, static_cast<double>(0.1f));
      all.push_back(now.mean);
      all.push_back(now.variance);
    }
    return all;
  };
  c.reduction = s.batch * s.height * s.width * s.up * s.up;
  c.terms = 4;
  return c;
}

class UpsampleSscbnReluOp : public testing::TestWithParam<MapSizes> {};
TEST_P(UpsampleSscbnReluOp, AgreesWithTheUnfusedComposition) {
  check_op(sscbn_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, UpsampleSscbnReluOp, testing::ValuesIn([] {
                           std::vector<MapSizes> all;
                           for (const bool training : {true, false})
                             for (const int up : {1, 2}) {
                               all.push_back({2, 3, 2, 5, up, training});
                               all.push_back({1, 4, 4, 8, up, training});
                               all.push_back({3, 5, 7, 3, up, training});
                             }
                           all.push_back({1, 1, 1, 1, 2, false});
                           all.push_back({2, 1, 1, 3, 3, false});
                           all.push_back({2, 17, 17, 1, 1, true});  // more rows than one chunk of the sums
                           // Several channels in one access, more channels than a warp takes, and neither.
                           for (const int up : {1, 2, 3})
                             for (const int64_t channels : {8, 16, 20, 33}) {
                               all.push_back({2, 3, 3, channels, up, true});
                             }
                           all.push_back({2, 2, 3, 64, 2, true});
                           all.push_back({2, 2, 3, 100, 1, true});
                           all.push_back({2, 1, 2, 264, 2, true});
                           all.push_back({1, 9, 11, 16, 2, true});  // more pixels than a block takes at once
                           all.push_back({1, 13, 12, 16, 1, true});
                           return all;
                         }()),
                         testing::PrintToStringParamName());

// Too many values to keep all of them from the kink: several blocks a picture, several partial sums a
// channel.
TEST(UpsampleSscbnReluOp, LargeMapsAgreeWithTheReference) {
  for (const int up : {1, 2}) {
    const Case c = sscbn_case({3, 13, 21, 64, up, true}, 0);
    Result reference;
    for (const Target& target : fp32_targets()) {
      SCOPED_TRACE(target.name);
      const Result result = run(c, target);
      if (reference.outputs.empty()) {
        reference = result;
        continue;
      }
      const auto expect_close = [&](const auto& actual, const auto& expected, const char* what) {
        ASSERT_EQ(actual.size(), expected.size());
        for (size_t i = 0; i < actual.size(); ++i)
          expect_near(actual[i], Doubles(expected[i].begin(), expected[i].end()), c, Precision::fp32,
                      concat(what, " ", i));
      };
      expect_close(result.outputs, reference.outputs, "output");
      expect_close(result.states, reference.states, "state");
      expect_close(result.gradients, reference.gradients, "gradient");
    }
  }
}

}  // namespace
