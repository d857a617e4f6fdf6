#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct TokenSizes {
  int64_t batch, tokens, channels, words;
};
void PrintTo(const TokenSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.tokens << "x" << s.channels << "_of_" << s.words;
}

Case embedding_case(const TokenSizes& s) {
  Case c;
  c.inputs = {{"ids", random_ids({s.batch, s.tokens}, 1, static_cast<uint32_t>(s.words)), false},
              parameter("table", random_tensor({s.words, s.channels}, 2)),
              parameter("position", random_tensor({s.tokens, s.channels}, 3))};
  c.record = [](Graph&, const Vars& v) { return Vars{embedding(v[0], v[1], v[2])}; };
  c.reference = [s](const Arrays& v) {
    Doubles y;
    for (size_t i = 0; i < v[0].size(); ++i)
      for (size_t k = 0; k < at(s.channels); ++k)
        y.push_back(v[1][static_cast<size_t>(v[0][i]) * at(s.channels) + k] +
                    v[2][i % at(s.tokens) * at(s.channels) + k]);
    return Arrays{y};
  };
  c.reduction = s.batch * s.tokens;
  return c;
}

Case prepend_case(const TokenSizes& s, bool one_each) {
  Case c;
  c.inputs = {{"x", random_tensor({s.batch, s.tokens, s.channels}, 1)},
              one_each ? Input{"token", random_tensor({s.batch, s.channels}, 2)}
                       : parameter("token", random_tensor({s.channels}, 2)),
              parameter("position", random_tensor({s.tokens + 1, s.channels}, 3))};
  c.record = [](Graph&, const Vars& v) { return Vars{prepend_token(v[0], v[1], v[2])}; };
  c.reference = [s, one_each](const Arrays& v) {
    Doubles y;
    for (int64_t n = 0; n < s.batch; ++n)
      for (int64_t t = 0; t <= s.tokens; ++t)
        for (int64_t k = 0; k < s.channels; ++k)
          y.push_back((t == 0 ? v[1][at((one_each ? n * s.channels : 0) + k)]
                              : v[0][at((n * s.tokens + t - 1) * s.channels + k)]) +
                      v[2][at(t * s.channels + k)]);
    return Arrays{y};
  };
  c.reduction = s.batch;
  return c;
}

Case gather_case(const TokenSizes& s, bool indexed) {
  Case c;
  c.inputs = {{"x", random_tensor({s.batch, s.tokens, s.channels}, 1)}};
  if (indexed)
    c.inputs.push_back({"index", random_ids({s.batch}, 2, static_cast<uint32_t>(s.tokens)), false});
  c.record = [indexed](Graph&, const Vars& v) { return Vars{gather_token(v[0], indexed ? v[1] : Var{})}; };
  c.reference = [s, indexed](const Arrays& v) {
    Doubles y;
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t k = 0; k < s.channels; ++k) {
        const int64_t t = indexed ? static_cast<int64_t>(v[1][at(b)]) : 0;
        y.push_back(v[0][at((b * s.tokens + t) * s.channels + k)]);
      }
    return Arrays{y};
  };
  return c;
}

class TokenOps : public testing::TestWithParam<TokenSizes> {};
TEST_P(TokenOps, Embedding) {
  check_op(embedding_case(GetParam()));
}
TEST_P(TokenOps, PrependOneTokenForAll) {
  check_op(prepend_case(GetParam(), false));
}
TEST_P(TokenOps, PrependOneTokenEach) {
  check_op(prepend_case(GetParam(), true));
}
TEST_P(TokenOps, GatherFirst) {
  check_op(gather_case(GetParam(), false));
}
TEST_P(TokenOps, GatherByIndex) {
  check_op(gather_case(GetParam(), true));
}

INSTANTIATE_TEST_SUITE_P(Sizes, TokenOps,
                         testing::Values(TokenSizes{1, 1, 1, 1}, TokenSizes{3, 5, 7, 4},
                                         TokenSizes{2, 13, 19, 50}, TokenSizes{11, 3, 33, 2},
                                         TokenSizes{16, 24, 32, 97}, TokenSizes{30, 40, 8, 3},
                                         TokenSizes{3, 50, 264, 40}),
                         testing::PrintToStringParamName());

void run_embedding(const std::vector<int32_t>& ids) {
  Graph g(cpu_reference_backend());
  const Var y = embedding(g.input(Tensor::of(ids, {2, 3})), g.input(Tensor::zeros({5, 4})),
                          g.input(Tensor::zeros({3, 4})));
  g.output(y);
  Plan(std::move(g)).run();
}

TEST(TokenOps, IdsOutsideTheTableAreNamed) {
  EXPECT_NO_THROW(run_embedding({0, 1, 2, 3, 4, 0}));
  expect_error([] { run_embedding({0, 1, 2, 3, 5, 0}); }, {"embedding", "id 5", "[1,1]", "5 rows"});
  expect_error([] { run_embedding({0, 1, -1, 3, 4, 0}); }, {"embedding", "id -1", "[0,2]"});
}

TEST(TokenOps, IndexOutsideTheSequenceIsNamed) {
  const auto gather = [](int32_t index) {
    Graph g(cpu_reference_backend());
    g.output(gather_token(g.input(Tensor::zeros({2, 3, 4})),
                          g.input(Tensor::of(std::vector<int32_t>{0, index}, {2}))));
    Plan(std::move(g)).run();
  };
  EXPECT_NO_THROW(gather(2));
  expect_error([&] { gather(3); }, {"gather_token", "index 3", "[1]", "3 tokens"});
  expect_error([&] { gather(-1); }, {"gather_token", "index -1"});
}

// A kernel on a GPU cannot throw: the rows that were asked for wrongly are NaN, and nothing else is read.
TEST(TokenOps, OnTheGpuWhatIsOutsideIsNaN) {
  for (const Target& target : targets()) {
    if (target.device.kind == DeviceKind::cpu) continue;
    SCOPED_TRACE(target.name);
    Graph g(*target.backend, target.device, Execution::planned, false, target.precision);
    const DType type = target.precision == Precision::bf16 ? DType::bf16 : DType::f32;
    const auto ones = [&](const Shape& shape) {
      return g.input(tensor_of(std::vector<float>(at(shape.elements()), 1), shape, type, target.device));
    };
    const auto integers = [&](const std::vector<int32_t>& values, const Shape& shape) {
      return g.input(Tensor::of(values, shape, target.device));
    };
    const Tensor words = g.output(embedding(integers({0, 5, -1, 4}, {1, 4}), ones({5, 8}), ones({4, 8})));
    const Tensor picked = g.output(gather_token(ones({2, 3, 8}), integers({3, 2}, {2})));
    Plan(std::move(g)).run();
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(std::isnan(words.to_floats()[i]), i / 8 == 1 || i / 8 == 2);
    for (size_t i = 0; i < 16; ++i) EXPECT_EQ(std::isnan(picked.to_floats()[i]), i < 8);
  }
}

}  // namespace
