#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct Sizes {
  int64_t batch, width, tile_rows;
};
void PrintTo(const Sizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.width << "_by_" << s.tile_rows;
}
int64_t bytes_of_tile(const Sizes& s) {
  return s.tile_rows * s.batch * static_cast<int64_t>(sizeof(float));
}

Tensor unit_tensor(const Sizes& s, uint64_t item) {
  const Doubles rows = unit_rows(to_doubles(random_tensor({s.batch, s.width}, item)), at(s.width));
  return Tensor::of(std::vector<float>(rows.begin(), rows.end()), {s.batch, s.width});
}

Doubles logits64(const Sizes& s, const Doubles& image, const Doubles& text, double logit_scale) {
  Doubles logits;
  for (int64_t i = 0; i < s.batch; ++i)
    for (int64_t j = 0; j < s.batch; ++j) {
      double dot = 0;
      for (int64_t d = 0; d < s.width; ++d) dot += image[at(i * s.width + d)] * text[at(j * s.width + d)];
      logits.push_back(std::exp(logit_scale) * dot);
    }
  return logits;
}
/// The log-sum-exp of every row or, transposed, of every column.
Doubles log_sums64(int64_t batch, const Doubles& logits, bool columns) {
  Doubles sums;
  for (int64_t i = 0; i < batch; ++i) {
    Doubles line;
    for (int64_t j = 0; j < batch; ++j) line.push_back(logits[at(columns ? j * batch + i : i * batch + j)]);
    sums.push_back(log_sum_exp64(line));
  }
  return sums;
}
double info_nce64(const Sizes& s, const Doubles& image, const Doubles& text, double logit_scale) {
  const Doubles logits = logits64(s, image, text, logit_scale), rows = log_sums64(s.batch, logits, false),
                columns = log_sums64(s.batch, logits, true);
  double loss = 0;
  for (int64_t i = 0; i < s.batch; ++i)
    loss += rows[at(i)] + columns[at(i)] - 2 * logits[at(i * s.batch + i)];
  return loss / static_cast<double>(2 * s.batch);
}

Case info_nce_case(const Sizes& s, float logit_scale) {
  Case c;
  c.inputs = {single("image", unit_tensor(s, 1)), single("text", unit_tensor(s, 2)),
              parameter("logit_scale", Tensor::of(std::vector<float>{logit_scale}, {1}))};
  c.record = [s](Graph&, const Vars& v) { return Vars{info_nce(v[0], v[1], v[2], bytes_of_tile(s))}; };
  c.reference = [s](const Arrays& v) { return Arrays{{info_nce64(s, v[0], v[1], v[2][0])}}; };
  c.reduction = std::max(s.batch, s.width);
  c.terms = std::exp(static_cast<double>(logit_scale));
  return c;
}

class InfoNce : public testing::TestWithParam<Sizes> {};
TEST_P(InfoNce, AgreesWithFloat64) {
  check_op(info_nce_case(GetParam(), std::log(1 / 0.07f)));
}
TEST_P(InfoNce, OfOneFeatureSetWithItself) {
  const Sizes s = GetParam();
  Case c = info_nce_case(s, 1);
  c.inputs.erase(c.inputs.begin() + 1);
  c.record = [s](Graph&, const Vars& v) { return Vars{info_nce(v[0], v[0], v[1], bytes_of_tile(s))}; };
  c.reference = [s](const Arrays& v) { return Arrays{{info_nce64(s, v[0], v[0], v[1][0])}}; };
  check_op(c);
}
INSTANTIATE_TEST_SUITE_P(OneTile, InfoNce,
                         testing::Values(Sizes{1, 1, 1}, Sizes{2, 3, 2}, Sizes{7, 5, 7}, Sizes{13, 33, 13},
                                         Sizes{64, 16, 64}, Sizes{260, 4, 260}),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Tiles, InfoNce,
                         testing::Values(Sizes{7, 5, 1}, Sizes{13, 33, 4}, Sizes{64, 16, 32},
                                         Sizes{70, 8, 32}, Sizes{260, 4, 150}),
                         testing::PrintToStringParamName());

/// More rows and columns than any kernel takes at once; every element of the gradients, by their formula.
TEST(InfoNce, OfManyPairs) {
  const Sizes s{1100, 3, 512};
  const float logit_scale = std::log(1 / 0.07f);
  const Tensor image = unit_tensor(s, 1), text = unit_tensor(s, 2);
  const Doubles x = to_doubles(image), y = to_doubles(text);
  const double scale = std::exp(static_cast<double>(logit_scale));
  const Doubles logits = logits64(s, x, y, static_cast<double>(logit_scale)),
                rows = log_sums64(s.batch, logits, false), columns = log_sums64(s.batch, logits, true);
  Doubles dimage(x.size(), 0), dtext(y.size(), 0), dlogit_scale{0};
  for (int64_t i = 0; i < s.batch; ++i)
    for (int64_t j = 0; j < s.batch; ++j) {
      const double logit = logits[at(i * s.batch + j)];
      const double d = (std::exp(logit - rows[at(i)]) + std::exp(logit - columns[at(j)]) - (i == j ? 2 : 0)) /
                       static_cast<double>(2 * s.batch);
      dlogit_scale[0] += d * logit;
      for (int64_t k = 0; k < s.width; ++k) {
        dimage[at(i * s.width + k)] += scale * d * y[at(j * s.width + k)];
        dtext[at(j * s.width + k)] += scale * d * x[at(i * s.width + k)];
      }
    }
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    Graph g(*target.backend, target.device);
    const Var a = g.input(on_device(image, DType::f32, target.device), true),
              b = g.input(on_device(text, DType::f32, target.device), true),
              l = g.input(Tensor::of(std::vector<float>{logit_scale}, {1}, target.device), true);
    const Var loss = info_nce(a, b, l, bytes_of_tile(s));
    g.backward(loss);
    const Tensor result = g.output(loss);
    const std::vector<Tensor> gradients{g.gradient(a), g.gradient(b), g.gradient(l)};
    Plan(std::move(g)).run();
    const double expected = info_nce64(s, x, y, static_cast<double>(logit_scale));
    expect_near(result.to_floats(), {expected}, testing_tolerance::fp32(1, {{expected}}, scale), "loss");
    // Each element sums 1100 terms of up to scale * 2 / 2B, each good to the rounding of a logit.
    const double tolerance =
        testing_tolerance::fp32(s.batch, {}, scale * scale / static_cast<double>(s.batch));
    expect_near(gradients[0].to_floats(), dimage, tolerance, "dimage");
    expect_near(gradients[1].to_floats(), dtext, tolerance, "dtext");
    expect_near(gradients[2].to_floats(), dlogit_scale, testing_tolerance::fp32(s.batch, {}, scale),
                "dlogit_scale");
  }
}

TEST(InfoNce, OfIdenticalPairsIsChance) {
  Graph g(cpu_reference_backend());
  const Var same = g.input(Tensor::of(std::vector<float>(8 * 4, 0.5f), {8, 4}));
  const Tensor loss = g.output(info_nce(same, same, g.input(Tensor::zeros({1}))));
  Plan(std::move(g)).run();
  EXPECT_NEAR(loss.item(), std::log(8.0f), 1e-6f);
}

/// Saturated logits, as the inverse temperature's limit of 100 allows.
TEST(InfoNce, LargeLogitsDoNotOverflow) {
  check_op(info_nce_case({13, 3, 4}, std::log(100.0f)));
}

TEST(InfoNce, KeepsNoLogits) {
  constexpr int64_t batch = 16384, width = 2;
  Graph g(cpu_reference_backend());
  const Var image = g.input(Tensor::zeros({batch, width}), true),
            text = g.input(Tensor::zeros({batch, width}), true), scale = g.input(Tensor::zeros({1}), true);
  const Var loss = info_nce(image, text, scale);
  g.backward(loss);
  g.output(loss), g.gradient(image), g.gradient(text), g.gradient(scale);
  const Plan plan(std::move(g));
  EXPECT_EQ(plan.launches(), 3u) << "seed, loss, gradient";
  EXPECT_LT(plan.arena_bytes(), info_nce_tile_bytes + (int64_t{1} << 20));
}

}  // namespace
