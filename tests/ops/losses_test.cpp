#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct LossSizes {
  int64_t rows, width;
};
void PrintTo(const LossSizes& s, std::ostream* out) {
  *out << s.rows << "x" << s.width;
}

Case l2_case(const LossSizes& s) {
  Case c;
  c.inputs = {{"x", random_tensor({s.rows, s.width}, 1, 0.1f, 1)}};
  c.record = [](Graph&, const Vars& v) { return Vars{l2_normalize(v[0])}; };
  c.reference = [s](const Arrays& v) { return Arrays{unit_rows(v[0], at(s.width))}; };
  c.reduction = s.width;
  c.terms = 10;  // the gradient along x cancels; its terms are up to 1/|x|
  return c;
}

Case cross_entropy_case(const LossSizes& s) {
  Case c;
  c.inputs = {{"logits", random_tensor({s.rows, s.width}, 1, -5, 5)},
              {"labels", random_ids({s.rows}, 2, static_cast<uint32_t>(s.width)), false}};
  c.record = [](Graph&, const Vars& v) { return Vars{cross_entropy(v[0], v[1])}; };
  c.reference = [s](const Arrays& v) {
    double loss = 0;
    for (int64_t i = 0; i < s.rows; ++i) {
      const auto begin = v[0].begin() + i * s.width;
      loss += log_sum_exp64(Doubles(begin, begin + s.width)) - *(begin + static_cast<int64_t>(v[1][at(i)]));
    }
    return Arrays{{loss / static_cast<double>(s.rows)}};
  };
  c.reduction = s.width;
  c.terms = 1;
  return c;
}

class LossOps : public testing::TestWithParam<LossSizes> {};
TEST_P(LossOps, L2Normalize) {
  check_op(l2_case(GetParam()));
}
TEST_P(LossOps, CrossEntropy) {
  check_op(cross_entropy_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, LossOps,
                         testing::Values(LossSizes{1, 1}, LossSizes{2, 3}, LossSizes{7, 5}, LossSizes{13, 33},
                                         LossSizes{64, 16}, LossSizes{70, 8}, LossSizes{260, 4}),
                         testing::PrintToStringParamName());

TEST(LossOps, LargeLogitsDoNotOverflow) {
  Case c = cross_entropy_case({3, 4});
  c.inputs[0].tensor = random_tensor({3, 4}, 5, -400, 400);
  c.reference = [](const Arrays& v) {
    double loss = 0;
    for (size_t i = 0; i < 3; ++i) {
      const double* row = v[0].data() + 4 * i;
      const double most = *std::max_element(row, row + 4);
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) sum += std::exp(row[k] - most);
      loss += most + std::log(sum) - row[static_cast<size_t>(v[1][i])];
    }
    return Arrays{{loss / 3}};
  };
  c.terms = 400;
  check_op(c);
}

TEST(LossOps, AZeroRowStaysZero) {
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::of(std::vector<float>{0, 0, 3, 4}, {2, 2}), true);
  const Var y = l2_normalize(x);
  g.backward(project(g, {y}));
  const Tensor out = g.output(y), dx = g.gradient(x);
  Plan(std::move(g)).run();
  EXPECT_EQ(out.to_vector<float>()[0], 0);
  EXPECT_EQ(out.to_vector<float>()[1], 0);
  EXPECT_FLOAT_EQ(out.to_vector<float>()[2], 0.6f);
  EXPECT_FLOAT_EQ(out.to_vector<float>()[3], 0.8f);
  for (const float value : dx.to_vector<float>()) EXPECT_TRUE(std::isfinite(value));
}

TEST(LossOps, LabelsOutsideTheClassesAreNamed) {
  const auto loss = [](int32_t label) {
    Graph g(cpu_reference_backend());
    g.output(cross_entropy(g.input(Tensor::zeros({2, 5})),
                           g.input(Tensor::of(std::vector<int32_t>{0, label}, {2}))));
    Plan(std::move(g)).run();
  };
  EXPECT_NO_THROW(loss(4));
  expect_error([&] { loss(5); }, {"cross_entropy", "label 5", "[1]", "5 classes"});
  expect_error([&] { loss(-1); }, {"cross_entropy", "label -1"});
}

}  // namespace
