#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct NormSizes {
  int64_t rows, channels;
  bool training, affine, residual;
  Activation activation;
};
void PrintTo(const NormSizes& s, std::ostream* out) {
  *out << s.rows << "x" << s.channels << (s.training ? "_train" : "_eval") << (s.affine ? "_affine" : "")
       << (s.residual ? "_residual" : "") << "_" << name_of(s.activation);
}

constexpr double eps = 1e-5f, momentum = 0.1f;

/// Inputs: x, running mean, running variance, then scale and shift, then residual.
Doubles before_activation(const NormSizes& s, const Arrays& v) {
  const auto channels = at(s.channels);
  const Moments64 m = s.training ? moments64(v[0], channels) : Moments64{v[1], v[2]};
  Doubles z(v[0].size());
  for (size_t i = 0; i < z.size(); ++i) {
    const size_t c = i % channels;
    z[i] = (v[0][i] - m.mean[c]) / std::sqrt(m.variance[c] + eps);
    if (s.affine) z[i] = z[i] * v[3][c] + v[4][c];
    if (s.residual) z[i] += v[s.affine ? 5 : 3][i];
  }
  return z;
}

Case norm_case(const NormSizes& s) {
  Case c;
  const Shape x{s.rows, s.channels}, channels{s.channels};
  for (uint64_t item = 0;; item += 10) {
    c.inputs = {{"x", random_tensor(x, item, -1, 2)},
                single("running_mean", random_tensor(channels, item + 1), false, s.training),
                single("running_var", random_tensor(channels, item + 2, 0.5f, 2), false, s.training)};
    if (s.affine) {
      c.inputs.push_back(parameter("scale", random_tensor(channels, item + 3, 0.5f, 2)));
      c.inputs.push_back(parameter("shift", random_tensor(channels, item + 4)));
    }
    if (s.residual) c.inputs.push_back({"residual", random_tensor(x, item + 5)});
    if (!has_kink(s.activation) || smallest(before_activation(s, to_doubles(c.inputs))) > kink_margin) break;
  }
  c.record = [s](Graph& g, const Vars& v) {
    const auto op = [&] {
      return batch_norm(v[0], s.affine ? v[3] : Var{}, s.affine ? v[4] : Var{}, v[1], v[2], s.activation,
                        s.residual ? v[s.affine ? 5 : 3] : Var{});
    };
    if (s.training) return Vars{op()};
    const EvalMode eval_mode(g);
    return Vars{op()};
  };
  c.reference = [s](const Arrays& v) {
    Doubles y = before_activation(s, v);
    for (double& value : y) value = activate64(s.activation, value);
    Arrays all{y};
    if (s.training) {
      const Moments64 batch = moments64(v[0], at(s.channels));
      const Moments64 now = running64(v[1], v[2], batch, static_cast<double>(s.rows), momentum);
      all.push_back(now.mean);
      all.push_back(now.variance);
    }
    return all;
  };
  c.reduction = s.rows;
  c.terms = 4;
  return c;
}

class BatchNormOp : public testing::TestWithParam<NormSizes> {};
TEST_P(BatchNormOp, AgreesWithFloat64) {
  check_op(norm_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BatchNormOp, testing::ValuesIn([] {
      std::vector<NormSizes> all;
      for (const bool training : {true, false})
        for (const bool affine : {true, false})
          for (const bool residual : {true, false})
            for (const Activation a : {Activation::none, Activation::relu, Activation::leaky_relu})
              all.push_back({13, 5, training, affine, residual, a});
      return all;
    }()),
    testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(
    Sizes, BatchNormOp,
    testing::Values(NormSizes{3, 1, true, true, false, Activation::none},
                    NormSizes{1, 7, false, true, true, Activation::relu},
                    NormSizes{521, 3, true, true, true, Activation::none},
                    NormSizes{64, 32, true, true, true, Activation::relu},
                    NormSizes{1000, 2, true, false, false, Activation::leaky_relu},
                    // Several channels in one access, and row ends that do not fit blocks.
                    NormSizes{37, 8, true, true, true, Activation::leaky_relu},
                    NormSizes{300, 16, true, true, false, Activation::relu},
                    NormSizes{19, 64, true, true, true, Activation::none},
                    NormSizes{41, 100, true, true, false, Activation::relu},
                    NormSizes{9, 100, false, true, true, Activation::leaky_relu},
                    NormSizes{23, 42, true, true, true, Activation::none},
                    NormSizes{1100, 64, true, true, true, Activation::none},  // several blocks of rows
                    NormSizes{5, 2056, true, true, false, Activation::none},
                    NormSizes{3, 300, true, true, true, Activation::none}),
    testing::PrintToStringParamName());

TEST(BatchNormOp, ResidualMayBeTheInputItself) {
  Case c = norm_case({17, 3, false, true, false, Activation::none});
  const auto plain = c.reference;
  c.record = [](Graph& g, const Vars& v) {
    const EvalMode eval_mode(g);
    return Vars{batch_norm(v[0], v[3], v[4], v[1], v[2], Activation::none, v[0])};
  };
  c.reference = [plain](const Arrays& v) {
    Arrays all = plain(v);
    for (size_t i = 0; i < v[0].size(); ++i) all[0][i] += v[0][i];
    return all;
  };
  check_op(c);
}

TEST(BatchNormOp, BatchStatisticsNeedTwoRows) {
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::zeros({1, 4})), c = g.input(Tensor::zeros({4}));
  expect_error([&] { batch_norm(x, c, c, c, c); }, {"batch_norm", "[1,4]"});
}

}  // namespace
