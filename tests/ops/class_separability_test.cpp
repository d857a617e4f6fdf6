#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

/// The definition on the vectors themselves.
double separability64(const Doubles& x, const std::vector<int32_t>& labels, int classes) {
  const size_t batch = labels.size(), width = x.size() / batch;
  std::vector<Doubles> centres(at(classes), Doubles(width, 0));
  Doubles count(at(classes), 0), spread(at(classes), 0);
  for (size_t b = 0; b < batch; ++b)
    if (labels[b] >= 0) ++count[at(labels[b])];
  for (size_t b = 0; b < batch; ++b)
    for (size_t i = 0; i < width && labels[b] >= 0; ++i)
      centres[at(labels[b])][i] += x[b * width + i] / count[at(labels[b])];
  const auto distance = [&](const double* one, const double* two) {
    double squares = 0;
    for (size_t i = 0; i < width; ++i) squares += (one[i] - two[i]) * (one[i] - two[i]);
    return std::sqrt(squares);
  };
  for (size_t b = 0; b < batch; ++b)
    if (labels[b] >= 0)
      spread[at(labels[b])] +=
          distance(x.data() + b * width, centres[at(labels[b])].data()) / count[at(labels[b])];
  double sum = 0, pairs = 0;
  for (size_t i = 0; i < at(classes); ++i)
    for (size_t j = 0; j < at(classes); ++j) {
      if (i == j || count[i] == 0 || count[j] == 0) continue;
      sum += (spread[i] + spread[j]) / distance(centres[i].data(), centres[j].data());
      ++pairs;
    }
  return pairs > 0 ? sum / pairs : 0;
}

struct Groups {
  std::vector<int32_t> labels;
  int classes;
  int64_t width;
};

class ClassSeparabilityOp : public testing::TestWithParam<Groups> {};
TEST_P(ClassSeparabilityOp, IsItsDefinitionAndSoIsItsGradient) {
  const Groups& groups = GetParam();
  const auto batch = static_cast<int64_t>(groups.labels.size());
  const Case c{.inputs = {single("x", random_tensor({batch, groups.width}, 1)),
                          {"labels", Tensor::of(groups.labels, {batch}), false}},
               .record = [&](Graph&, const Vars& in) -> Vars {
                 return {class_separability(in[0], in[1], groups.classes)};
               },
               .reference = [&](const Arrays& in) -> Arrays {
                 return {{separability64(in[0], groups.labels, groups.classes)}};
               },
               .reduction = batch * groups.width};
  check_op(c);
}
INSTANTIATE_TEST_SUITE_P(Groups, ClassSeparabilityOp,
                         testing::Values(Groups{{0, 1, 0, 1, 1}, 2, 7},
                                         Groups{{2, 0, -1, 3, 3, 0, 2, 2, -1}, 5, 12},
                                         Groups{{0, 1, 2, 0, 1, 2, 0, 0, 0, 1, 1, 2, 2, 2, 0, 1, 2}, 3, 30}));

TEST(ClassSeparability, IsNothingWithoutTwoClassesOrWhereAllIsOne) {
  for (const Target& target : fp32_targets()) {
    SCOPED_TRACE(target.name);
    const auto run = [&](const std::vector<float>& values, const std::vector<int32_t>& labels) {
      const auto batch = static_cast<int64_t>(labels.size());
      const Tensor x = Tensor::of(values, {batch, 2}, target.device),
                   y = Tensor::of(labels, {batch}, target.device);
      Graph g(*target.backend, target.device, Execution::eager);
      const Var in = g.input(x, true), loss = class_separability(in, g.input(y), 3);
      g.backward(loss);
      std::vector<float> all = g.gradient(in).to_floats();
      all.push_back(g.output(loss).item());
      return all;
    };
    EXPECT_EQ(run({1, 2, 3, 4}, {1, 1}), std::vector<float>(5, 0.0f));
    EXPECT_EQ(run({1, 2, 3, 4}, {-1, 2}), std::vector<float>(5, 0.0f));
    EXPECT_EQ(run({0, 0, 0, 0}, {0, 1}), std::vector<float>(5, 0.0f)) << "coinciding centres";
  }
}

}  // namespace
