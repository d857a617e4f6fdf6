#include <t2ue/core/mixup_partner.hpp>

#include "ops/reference.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_ops;

struct MixupKind {
  Shape shape;
  float share;
  int32_t shift;
};
void PrintTo(const MixupKind& k, std::ostream* out) {
  *out << readable(concat(k.shape)) << "_share_" << static_cast<int>(k.share * 100) << "_shift_"
       << (k.shift < 0 ? "minus_" : "") << std::abs(k.shift);
}

/// The partner of item n, found by walking.
int64_t partner64(int64_t n, int32_t shift, int64_t count) {
  for (int i = 0; i < std::abs(shift); ++i) {
    n += shift > 0 ? 1 : -1;
    n = n == count ? 0 : n < 0 ? count - 1 : n;
  }
  return n;
}

Case mixup_case(const MixupKind& k) {
  Case c;
  c.inputs = {{"x", random_tensor(k.shape, 1)},
              single("share", Tensor::of(std::vector<float>{k.share}, {1}), false),
              {"shift", Tensor::of(std::vector<int32_t>{k.shift}, {1}), false}};
  c.record = [](Graph&, const Vars& v) { return Vars{mixup(v[0], {v[1], v[2]})}; };
  c.reference = [k](const Arrays& v) {
    const int64_t count = k.shape[0], size = k.shape.elements() / count;
    Doubles y;
    for (int64_t n = 0; n < count; ++n)
      for (int64_t i = 0; i < size; ++i)
        y.push_back(v[1][0] * v[0][at(n * size + i)] +
                    (1 - v[1][0]) * v[0][at(partner64(n, k.shift, count) * size + i)]);
    return Arrays{y};
  };
  c.reduction = 2;
  c.terms = 1;
  return c;
}

class MixupOp : public testing::TestWithParam<MixupKind> {};
TEST_P(MixupOp, AgreesWithFloat64) {
  check_op(mixup_case(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(Kinds, MixupOp,
                         testing::Values(MixupKind{{1, 1}, 0.3f, 0}, MixupKind{{1, 5}, 0.3f, 4},
                                         MixupKind{{4}, 0.9f, 1}, MixupKind{{3, 7}, 0.25f, 2},
                                         MixupKind{{5, 2, 4, 3}, 0.6f, 1}, MixupKind{{5, 3, 3, 3}, 0.5f, -7},
                                         MixupKind{{4, 8, 8, 3}, 0.0f, 3}, MixupKind{{2, 8, 8, 3}, 1.0f, 1},
                                         MixupKind{{3, 20, 20, 3}, 0.7f, 30}),
                         testing::PrintToStringParamName());

struct CutKind {
  Shape shape;
  int32_t shift;
  std::array<int32_t, 4> box;  // top, bottom, left, right
};
void PrintTo(const CutKind& k, std::ostream* out) {
  *out << readable(concat(k.shape)) << "_shift_" << k.shift << "_box";
  for (const int32_t edge : k.box) *out << "_" << edge;
}

class CutMixOp : public testing::TestWithParam<CutKind> {};
TEST_P(CutMixOp, AgreesWithFloat64) {
  const CutKind k = GetParam();
  Case c;
  c.inputs = {{"x", random_tensor(k.shape, 1)},
              single("share", Tensor::of(std::vector<float>{0.7f}, {1}), false),
              {"shift", Tensor::of(std::vector<int32_t>{k.shift}, {1}), false},
              {"box", Tensor::of(std::vector<int32_t>(k.box.begin(), k.box.end()), {4}), false}};
  c.record = [](Graph&, const Vars& v) { return Vars{mixup(v[0], {v[1], v[2], v[3]})}; };
  c.reference = [k](const Arrays& v) {
    const int64_t count = k.shape[0], height = k.shape[1], width = k.shape[2], channels = k.shape[3];
    Doubles y;
    for (int64_t n = 0; n < count; ++n)
      for (int64_t row = 0; row < height; ++row)
        for (int64_t column = 0; column < width; ++column)
          for (int64_t channel = 0; channel < channels; ++channel) {
            const bool cut = row >= k.box[0] && row < k.box[1] && column >= k.box[2] && column < k.box[3];
            const int64_t from = cut ? partner64(n, k.shift, count) : n;
            y.push_back(v[0][at(((from * height + row) * width + column) * channels + channel)]);
          }
    return Arrays{y};
  };
  check_op(c);
}
INSTANTIATE_TEST_SUITE_P(
    Kinds, CutMixOp,
    testing::Values(CutKind{{1, 2, 2, 3}, 0, {0, 2, 0, 2}}, CutKind{{3, 5, 4, 3}, 1, {1, 4, 2, 3}},
                    CutKind{{3, 5, 4, 3}, 2, {2, 2, 1, 3}}, CutKind{{4, 8, 8, 3}, 3, {0, 8, 0, 8}},
                    CutKind{{5, 8, 8, 3}, 2, {0, 3, 5, 8}}, CutKind{{2, 20, 20, 8}, 1, {7, 19, 0, 11}}),
    testing::PrintToStringParamName());

TEST(MixupPartner, IsABijectionAndBackIsItsInverse) {
  for (const int64_t count : {1, 2, 5, 64})
    for (const int64_t shift :
         {int64_t{0}, int64_t{1}, count - 1, count + 3, int64_t{-2}, int64_t{-0x80000000}}) {
      std::vector<int> chosen(at(count), 0);
      for (int64_t n = 0; n < count; ++n) {
        const int64_t partner = mixup_partner(n, shift, count);
        ++chosen.at(at(partner));
        EXPECT_EQ(mixup_partner(partner, shift, count, true), n);
      }
      for (const int times : chosen) EXPECT_EQ(times, 1) << count << " " << shift;
    }
}

struct MixedRows {
  int64_t rows, classes;
  float share;
  int32_t shift;
};
void PrintTo(const MixedRows& k, std::ostream* out) {
  *out << k.rows << "x" << k.classes << "_share_" << static_cast<int>(k.share * 100) << "_shift_" << k.shift;
}

class MixedCrossEntropy : public testing::TestWithParam<MixedRows> {};
TEST_P(MixedCrossEntropy, IsTheWeightedSumOfBoth) {
  const MixedRows k = GetParam();
  Case c;
  c.inputs = {{"logits", random_tensor({k.rows, k.classes}, 1, -5, 5)},
              {"labels", random_ids({k.rows}, 2, static_cast<uint32_t>(k.classes)), false},
              single("share", Tensor::of(std::vector<float>{k.share}, {1}), false),
              {"shift", Tensor::of(std::vector<int32_t>{k.shift}, {1}), false}};
  c.record = [](Graph&, const Vars& v) { return Vars{cross_entropy(v[0], v[1], {v[2], v[3]})}; };
  c.reference = [k](const Arrays& v) {
    double loss = 0;
    for (int64_t i = 0; i < k.rows; ++i) {
      const auto row = v[0].begin() + i * k.classes;
      const double lse = log_sum_exp64(Doubles(row, row + k.classes));
      const auto logit = [&](int64_t item) { return *(row + static_cast<int64_t>(v[1][at(item)])); };
      loss += v[2][0] * (lse - logit(i)) + (1 - v[2][0]) * (lse - logit(partner64(i, k.shift, k.rows)));
    }
    return Arrays{{loss / static_cast<double>(k.rows)}};
  };
  c.reduction = k.classes;
  c.terms = 1;
  check_op(c);
}
INSTANTIATE_TEST_SUITE_P(Kinds, MixedCrossEntropy,
                         testing::Values(MixedRows{1, 3, 0.4f, 5}, MixedRows{4, 2, 0.4f, 1},
                                         MixedRows{7, 5, 0.9f, 3}, MixedRows{13, 33, 0.5f, 12},
                                         MixedRows{5, 4, 1.0f, 2}, MixedRows{5, 4, 0.0f, 2}),
                         testing::PrintToStringParamName());

// Without the picture of the partner being one's own, all of its label is: the loss is that of the rolled
// labels.
TEST(MixedCrossEntropy, ShareZeroIsThePartnersLoss) {
  const auto loss = [](const std::vector<int32_t>& labels, bool mixed) {
    Graph g(cpu_reference_backend());
    const Mixture mix{g.input(Tensor::zeros({1})), g.input(Tensor::of(std::vector<int32_t>{1}, {1}))};
    const Var logits = g.input(random_tensor({3, 4}, 1)), targets = g.input(Tensor::of(labels, {3}));
    const Tensor value =
        g.output(mixed ? cross_entropy(logits, targets, mix) : cross_entropy(logits, targets));
    Plan(std::move(g)).run();
    return value.item();
  };
  EXPECT_EQ(loss({0, 2, 3}, true), loss({2, 3, 0}, false));
}

}  // namespace
