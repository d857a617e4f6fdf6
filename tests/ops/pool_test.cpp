#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct PoolSizes {
  int64_t batch, height, width, channels;
  int size, stride, pad;
  PoolEnd end = PoolEnd::whole;
};
void PrintTo(const PoolSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.height << "x" << s.width << "x" << s.channels << "_size_" << s.size
       << "_stride_" << s.stride << "_pad_" << s.pad << (s.end == PoolEnd::cut ? "_cut" : "");
}

Case pool_case(const PoolSizes& s, Pooling kind) {
  Case c;
  c.inputs = {{"x", distinct_tensor({s.batch, s.height, s.width, s.channels}, 1)}};
  c.record = [s, kind](Graph&, const Vars& v) {
    return Vars{pool2d(v[0], kind, s.size, s.stride, s.pad, s.end)};
  };
  c.reference = [s, kind](const Arrays& v) {
    Doubles y;
    // Cut windows begin within the map, and only where the one before left pixels over.
    const auto is_window = [&](int64_t begin, int64_t extent) {
      if (begin + s.size <= extent + s.pad) return true;
      return s.end == PoolEnd::cut && begin < extent && begin - s.stride + s.size < extent + s.pad;
    };
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t top = -s.pad; is_window(top, s.height); top += s.stride)
        for (int64_t left = -s.pad; is_window(left, s.width); left += s.stride)
          for (int64_t k = 0; k < s.channels; ++k) {
            double sum = 0, count = 0, most = -1e300;
            for (int64_t h = top; h < top + s.size; ++h)
              for (int64_t w = left; w < left + s.size; ++w) {
                if (h < 0 || w < 0 || h >= s.height || w >= s.width) continue;
                const double x = v[0][at(((n * s.height + h) * s.width + w) * s.channels + k)];
                sum += x, count += 1, most = std::max(most, x);
              }
            y.push_back(kind == Pooling::max ? most : sum / count);
          }
    return Arrays{y};
  };
  c.reduction = s.size * s.size;
  c.terms = 1;
  return c;
}

class Pool2dOp : public testing::TestWithParam<PoolSizes> {};
TEST_P(Pool2dOp, AverageAgreesWithFloat64) {
  check_op(pool_case(GetParam(), Pooling::average));
}
TEST_P(Pool2dOp, MaxAgreesWithFloat64) {
  check_op(pool_case(GetParam(), Pooling::max));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Pool2dOp,
                         testing::Values(PoolSizes{1, 1, 1, 1, 1, 1, 0}, PoolSizes{2, 4, 6, 5, 2, 2, 0},
                                         PoolSizes{1, 7, 5, 3, 3, 2, 1}, PoolSizes{2, 5, 5, 7, 3, 1, 1},
                                         PoolSizes{1, 9, 7, 2, 5, 3, 2}, PoolSizes{1, 8, 8, 3, 2, 3, 0},
                                         PoolSizes{1, 3, 3, 4, 2, 1, 1},
                                         // whole vectors of f32 and of bf16
                                         PoolSizes{2, 4, 6, 8, 2, 2, 0}, PoolSizes{1, 5, 5, 16, 3, 2, 1},
                                         PoolSizes{1, 8, 7, 3, 3, 2, 0, PoolEnd::cut},
                                         PoolSizes{2, 6, 9, 8, 3, 2, 0, PoolEnd::cut},
                                         PoolSizes{1, 4, 4, 2, 2, 3, 0, PoolEnd::cut},
                                         PoolSizes{1, 4, 5, 3, 2, 2, 1, PoolEnd::cut}),
                         testing::PrintToStringParamName());

Case mean_case(int64_t batch, int64_t tokens, int64_t channels) {
  Case c;
  c.inputs = {{"x", random_tensor({batch, tokens, channels}, 1)}};
  c.record = [](Graph&, const Vars& v) { return Vars{mean_pool(v[0])}; };
  c.reference = [=](const Arrays& v) {
    Doubles y(at(batch * channels), 0);
    for (int64_t i = 0; i < batch * tokens * channels; ++i)
      y[at(i / (tokens * channels) * channels + i % channels)] += v[0][at(i)] / static_cast<double>(tokens);
    return Arrays{y};
  };
  c.reduction = tokens;
  return c;
}

TEST(MeanPoolOp, AgreesWithFloat64) {
  check_op(mean_case(1, 1, 1));
  check_op(mean_case(3, 7, 5));
  check_op(mean_case(2, 61, 17));
  check_op(mean_case(3, 37, 24));  // whole vectors
  check_op(mean_case(2, 9, 264));  // more than a block has lanes for
}

TEST(MeanPoolOp, TakesMaps) {
  Case c = mean_case(2, 12, 5);
  c.record = [](Graph&, const Vars& v) { return Vars{mean_pool(v[0].reshape({2, 3, 4, 5}))}; };
  check_op(c);
}

TEST(Pool2dOp, OfEqualsTheFirstGetsTheGradient) {
  Graph g(cpu_reference_backend());
  const Var x = g.input(Tensor::of(std::vector<float>(4, 1.5f), {1, 2, 2, 1}), true);
  g.backward(pool2d(x, Pooling::max, 2, 2));
  const Tensor dx = g.gradient(x);
  Plan(std::move(g)).run();
  EXPECT_EQ(dx.to_vector<float>(), (std::vector<float>{1, 0, 0, 0}));
}

TEST(Pool2dOp, NaNIsNotTheSmallestNumber) {
  Graph g(cpu_reference_backend());
  const std::vector<float> values{1, std::numeric_limits<float>::quiet_NaN(), 3, 2};
  const Tensor y = g.output(pool2d(g.input(Tensor::of(values, {1, 2, 2, 1})), Pooling::max, 2, 2));
  Plan(std::move(g)).run();
  EXPECT_TRUE(std::isnan(y.item()));
}

}  // namespace
