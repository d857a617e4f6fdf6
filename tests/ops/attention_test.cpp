#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct AttentionSizes {
  int64_t batch, tokens;
  int heads;
  int64_t width;  ///< of one head
  bool causal;
};
void PrintTo(const AttentionSizes& s, std::ostream* out) {
  *out << s.batch << "x" << s.tokens << "_heads_" << s.heads << "x" << s.width << (s.causal ? "_causal" : "");
}

Case attention_case(const AttentionSizes& s, float spread = 1) {
  Case c;
  const int64_t channels = s.heads * s.width;
  c.inputs = {{"qkv", random_tensor({s.batch, s.tokens, 3 * channels}, 1, -spread, spread)}};
  c.record = [s](Graph&, const Vars& v) { return Vars{attention(v[0], s.heads, s.causal)}; };
  c.reference = [s, channels](const Arrays& v) {
    Doubles out(at(s.batch * s.tokens * channels));
    for (int64_t b = 0; b < s.batch; ++b)
      for (int64_t h = 0; h < s.heads; ++h)
        for (int64_t t = 0; t < s.tokens; ++t) {
          const auto packed = [&](int64_t token, int64_t part, int64_t d) {
            return v[0][at((b * s.tokens + token) * 3 * channels + part * channels + h * s.width + d)];
          };
          Doubles scores;
          for (int64_t u = 0; u < (s.causal ? t + 1 : s.tokens); ++u) {
            double dot = 0;
            for (int64_t d = 0; d < s.width; ++d) dot += packed(t, 0, d) * packed(u, 1, d);
            scores.push_back(dot / std::sqrt(static_cast<double>(s.width)));
          }
          const double total = log_sum_exp64(scores);
          for (int64_t d = 0; d < s.width; ++d) {
            double sum = 0;
            for (size_t u = 0; u < scores.size(); ++u)
              sum += std::exp(scores[u] - total) * packed(static_cast<int64_t>(u), 2, d);
            out[at((b * s.tokens + t) * channels + h * s.width + d)] = sum;
          }
        }
    return Arrays{out};
  };
  c.reduction = s.tokens + s.width;
  c.terms = 1;
  return c;
}

class AttentionOp : public testing::TestWithParam<AttentionSizes> {};
TEST_P(AttentionOp, AgreesWithFloat64) {
  check_op(attention_case(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Sizes, AttentionOp, testing::ValuesIn([] {
                           std::vector<AttentionSizes> all;
                           for (const bool causal : {false, true}) {
                             all.push_back({1, 1, 1, 1, causal});
                             all.push_back({2, 7, 3, 5, causal});
                             all.push_back({1, 24, 2, 8, causal});   // exactly one block of queries
                             all.push_back({1, 25, 1, 16, causal});  // one more
                             all.push_back({2, 53, 2, 17, causal});
                             // heads of the widths that CUDA has tensor core kernels for, tokens of real
                             // towers
                             for (const int64_t width : {32, 64, 80, 128})
                               all.push_back({1, 50, 2, width, causal});
                             all.push_back({2, 77, 1, 64, causal});
                             all.push_back({1, 77, 1, 128, causal});
                             all.push_back({1, 197, 1, 32, causal});
                             all.push_back({1, 100, 1, 96, causal});
                           }
                           return all;
                         }()),
                         testing::PrintToStringParamName());

TEST(AttentionOp, LargeScoresDoNotOverflow) {
  Case c = attention_case({1, 9, 1, 4, false}, 12);  // scores up to about 288: exp overflows beyond 88
  c.terms = 12 * 30;
  check_op(c);
}

/// The output of one sequence on a target, as floats. qkv [1,T,3*C].
std::vector<float> attend(const Target& target, const Tensor& qkv, int heads, bool causal) {
  Graph g(*target.backend, target.device, Execution::planned, false, target.precision);
  const DType type = target.precision == Precision::bf16 ? DType::bf16 : DType::f32;
  const Tensor out = g.output(attention(g.input(on_device(qkv, type, target.device)), heads, causal));
  Plan(std::move(g)).run();
  return out.to_floats();
}

TEST(AttentionOp, CausalIgnoresWhatComesLater) {
  constexpr int64_t tokens = 30, width = 32;
  for (const Target& target : targets()) {
    SCOPED_TRACE(target.name);
    const auto first_rows = [&](float last) {
      const Tensor qkv = random_tensor({1, tokens, 6 * width}, 1);
      std::vector<float> values = qkv.to_vector<float>();
      for (size_t i = (tokens - 1) * 6 * width; i < values.size(); ++i) values[i] = last;
      std::vector<float> rows = attend(target, Tensor::of(values, qkv.shape()), 2, true);
      rows.resize((tokens - 1) * 2 * width);
      return rows;
    };
    EXPECT_EQ(first_rows(0), first_rows(50));
  }
}

TEST(AttentionOp, NaNReachesTheOutput) {
  for (const Target& target : targets())
    for (const int64_t width : {4, 32}) {
      SCOPED_TRACE(target.name);
      std::vector<float> values(at(3 * 3 * width), 0.5f);
      values[at(width)] = std::numeric_limits<float>::quiet_NaN();  // a key of the first token
      for (const float value : attend(target, Tensor::of(values, {1, 3, 3 * width}), 1, false))
        EXPECT_TRUE(std::isnan(value));
    }
}

}  // namespace
