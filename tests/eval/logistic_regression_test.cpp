// Logistic regression, the projection that an attacker makes of it, and the separability of noise.
#include <gtest/gtest.h>
#if defined(_OPENMP)
#include <omp.h>
#endif

#include <algorithm>
#include <cmath>
#include <errors.hpp>

#include <t2ue/core/rng.hpp>
#include <t2ue/eval/logistic_regression.hpp>
#include <t2ue/eval/orthogonal_projection.hpp>
#include <t2ue/eval/separability.hpp>

namespace t2ue {
namespace {

using testing_errors::expect_error;

/// Pictures of one colour with grain, of classes that their colours do not tell.
PairDataset grainy_pictures(int count, int classes, int size = 8) {
  PairDataset data;
  data.size = size;
  for (int k = 0; k < classes; ++k) data.label_names.push_back(std::to_string(k));
  Random random(4, Purpose::test);
  for (int i = 0; i < count; ++i) {
    data.keys.push_back(std::to_string(i));
    data.labels.push_back(i % classes);
    data.caption_begin.push_back(i + 1);
    const auto colour = 60 + random.below(100);
    for (int p = 0; p < size * size * 3; ++p)
      data.pixels.push_back(static_cast<uint8_t>(colour + random.below(30)));
  }
  return data;
}

/// +-8 steps on every value: by class, or anew for every picture.
PairDataset with_noise(PairDataset data, bool by_class) {
  for (int64_t i = 0; i < data.count(); ++i) {
    Random random(6, Purpose::test,
                  static_cast<uint64_t>(by_class ? data.labels[static_cast<size_t>(i)] : i));
    for (size_t p = 0; p < data.picture_bytes(); ++p)
      data.pixels[static_cast<size_t>(i) * data.picture_bytes() + p] +=
          static_cast<uint8_t>(random.below(2) == 0 ? 8 : -8);
  }
  return data;
}

double accuracy_on(const PairDataset& data) {
  const FeatureRows rows = [&](int64_t i, std::span<float> row) {
    const auto bytes = data.picture(i);
    std::copy(bytes.begin(), bytes.end(), row.begin());
  };
  const auto model = logistic_regression(static_cast<int64_t>(data.picture_bytes()),
                                         static_cast<int64_t>(data.label_names.size()), rows, data.labels);
  return model.accuracy(rows, data.labels);
}

// Of 64 rows with one feature 0 or 1, a quarter of the zeros and three quarters of the ones are class 1: the
// log-odds of class 1 are -ln 3 and ln 3 there.
TEST(LogisticRegressionFit, FindsTheOptimumOfASmallProblem) {
  std::vector<int32_t> labels;
  for (int i = 0; i < 64; ++i) labels.push_back(i % 4 == 0 ? 1 - i / 32 : i / 32);
  const FeatureRows rows = [](int64_t i, std::span<float> row) { row[0] = i < 32 ? 0.0f : 1.0f; };
  const auto model = logistic_regression(1, 2, rows, labels, {.epochs = 300});
  EXPECT_NEAR(model.bias[1] - model.bias[0], -std::log(3.0), 1e-3);
  EXPECT_NEAR(model.weights[1] - model.weights[0], 2 * std::log(3.0), 2e-3);
  EXPECT_DOUBLE_EQ(model.accuracy(rows, labels), 75.0);
}

TEST(LogisticRegressionFit, ThreadsDoNotChangeTheBits) {
  const PairDataset data = with_noise(grainy_pictures(200, 4), true);
  const FeatureRows rows = [&](int64_t i, std::span<float> row) {
    const auto bytes = data.picture(i);
    std::copy(bytes.begin(), bytes.end(), row.begin());
  };
  const auto fit = [&] { return logistic_regression(192, 4, rows, data.labels, {.epochs = 3}).weights; };
#if defined(_OPENMP)
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto one = fit();
  omp_set_num_threads(3);
  EXPECT_EQ(fit(), one);
  omp_set_num_threads(before);
#else
  GTEST_SKIP() << "built without OpenMP: there is one thread only";
#endif
}

TEST(LogisticRegressionFit, EqualRowsGiveTheCommonestClass) {
  const std::vector<int32_t> labels{1, 1, 0, 1, 1, 0, 1};
  const FeatureRows rows = [](int64_t, std::span<float> row) { std::fill(row.begin(), row.end(), 3.0f); };
  const auto model = logistic_regression(2, 2, rows, labels, {.epochs = 50});
  EXPECT_NEAR(model.accuracy(rows, labels), 100.0 * 5 / 7, 1e-9);
}

TEST(LogisticRegressionFit, RefusesWhatCannotBeFitted) {
  const FeatureRows rows = [](int64_t, std::span<float> row) { row[0] = 1; };
  const std::vector<int32_t> labels{0, 1, 2}, none;
  expect_error([&] { logistic_regression(1, 2, rows, labels); }, {"label 2"});
  expect_error([&] { logistic_regression(1, 1, rows, labels); }, {"two classes"});
  expect_error([&] { logistic_regression(1, 3, rows, none); }, {"rows"});
  const FeatureRows endless = [](int64_t, std::span<float> row) { row[0] = INFINITY; };
  expect_error([&] { logistic_regression(1, 3, endless, labels); }, {"finite"});
}

TEST(OrthonormalRows, SpanTheRowsWithoutRepeating) {
  // The third row is the sum of the first two, the fourth is empty.
  const std::vector<float> matrix{3, 0, 4, 0, 1, 2, 0, -1, 4, 2, 4, -1, 0, 0, 0, 0};
  const auto basis = orthonormal_rows(matrix, 4, 4);
  ASSERT_EQ(basis.size(), 2u);
  const auto dot = [](const auto& a, const auto& b) {
    double sum = 0;
    for (size_t i = 0; i < 4; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  };
  EXPECT_NEAR(dot(basis[0], basis[0]), 1, 1e-12);
  EXPECT_NEAR(dot(basis[1], basis[1]), 1, 1e-12);
  EXPECT_NEAR(dot(basis[0], basis[1]), 0, 1e-12);
  for (size_t r = 0; r < 3; ++r) {
    const std::span<const float> row = std::span(matrix).subspan(4 * r, 4);
    const double a = dot(row, basis[0]), b = dot(row, basis[1]);
    EXPECT_NEAR(a * a + b * b, dot(row, row), 1e-9) << "row " << r << " lies in the span";
  }
}

TEST(OrthogonalProjection, RemovesWhatALinearModelReads) {
  PairDataset data = with_noise(grainy_pictures(400, 4), true);
  EXPECT_GT(accuracy_on(data), 99);
  const std::vector<uint8_t> before = data.pixels;
  project_out_linear(data, 1);
  double change = 0;
  for (size_t i = 0; i < before.size(); ++i) change += std::abs(before[i] - data.pixels[i]);
  EXPECT_GT(change / static_cast<double>(before.size()), 1.0) << "pitfall 23: in steps of 1/255";
  // What is left are grains, of which 192 values learn some of 400 by heart.
  EXPECT_LT(accuracy_on(data), 75);
  PairDataset again = with_noise(grainy_pictures(400, 4), true);
  project_out_linear(again, 1);
  EXPECT_EQ(again.pixels, data.pixels);
  again.labels[3] = -1;
  expect_error([&] { project_out_linear(again, 1); }, {"label -1"});
}

TEST(LinearSeparability, TellsClassNoiseFromNoiseLearnedByHeart) {
  const PairDataset data = grainy_pictures(400, 4);
  const Separability by_class = linear_separability(data, with_noise(data, true), 1);
  EXPECT_EQ(by_class.train, 100);
  EXPECT_EQ(by_class.held_out, 100);
  const Separability random = linear_separability(data, with_noise(data, false), 1);
  EXPECT_GT(random.train, 80) << "200 noises of 192 values can be learned by heart";
  EXPECT_LT(random.held_out, 45) << "chance is 25";
  const Separability nothing = linear_separability(data, data, 1);
  EXPECT_LT(nothing.held_out, 40);
  PairDataset other = data;
  other.keys[0] = "another";
  expect_error([&] { linear_separability(data, other, 1); }, {"same"});
}

}  // namespace
}  // namespace t2ue
