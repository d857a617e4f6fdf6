// uniform, class_random and LSP.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <t2ue/methods/class_random.hpp>
#include <t2ue/methods/separable_patches.hpp>
#include <t2ue/methods/uniform.hpp>

#include "errors.hpp"
#include "methods/items.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_methods::distinct;
using testing_methods::expect_sound;

TEST(UniformNoise, IsUniformAndBelongsToTheKey) {
  UniformNoise source(32, 32, 8, 1), again(32, 32, 8, 1);
  const std::vector<Noise> noises = expect_sound(source, again, testing_methods::items(16, 4));
  EXPECT_EQ(distinct(noises), 16u);
  std::map<int, int> counts;
  for (const Noise& noise : noises)
    for (const int8_t step : noise.steps) ++counts[step];
  ASSERT_EQ(counts.size(), 17u);
  const double expected = 16.0 * 3072 / 17;
  for (const auto& [step, count] : counts)
    EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << step;  // 5 standard deviations
  EXPECT_NE(UniformNoise(32, 32, 8, 2).make(testing_methods::items(1, 1))[0], noises[0]);
  expect_error([] { UniformNoise(8, 8, 128, 1); }, {"uniform", "128"});
}

TEST(ClassRandom, OneNoiseAClass) {
  ClassRandom source(16, 16, 8, 1), again(16, 16, 8, 1);
  const std::vector<Noise> noises = expect_sound(source, again, testing_methods::items(12, 4));
  EXPECT_EQ(distinct(noises), 4u);
  EXPECT_EQ(noises[0], noises[4]);
  expect_error([&] { source.make(std::vector<NoiseItem>{{"lonely", "", {}, nullptr}}); }, {"lonely"});
}

/// Least squares from cells (and 1) to one number a class, by normal equations; the share of `test` whose
/// largest output is their class.
double least_squares_accuracy(const std::vector<std::vector<double>>& train, const std::vector<int>& labels,
                              const std::vector<std::vector<double>>& test,
                              const std::vector<int>& test_labels, size_t classes) {
  const size_t d = train[0].size() + 1;
  const auto at = [&](const std::vector<double>& row, size_t j) { return j + 1 < d ? row[j] : 1.0; };
  std::vector<std::vector<double>> a(d, std::vector<double>(d + classes));
  for (size_t i = 0; i < train.size(); ++i)
    for (size_t j = 0; j < d; ++j) {
      for (size_t k = 0; k < d; ++k) a[j][k] += at(train[i], j) * at(train[i], k);
      a[j][d + static_cast<size_t>(labels[i])] += at(train[i], j);
    }
  for (size_t j = 0; j < d; ++j) a[j][j] += 1e-9;
  for (size_t p = 0; p < d; ++p)  // Gauss-Jordan; the matrix is positive definite
    for (size_t r = 0; r < d; ++r) {
      if (r == p) continue;
      const double factor = a[r][p] / a[p][p];
      for (size_t k = p; k < d + classes; ++k) a[r][k] -= factor * a[p][k];
    }
  int right = 0;
  for (size_t i = 0; i < test.size(); ++i) {
    std::vector<double> scores(classes);
    for (size_t c = 0; c < classes; ++c)
      for (size_t j = 0; j < d; ++j) scores[c] += at(test[i], j) * a[j][d + c] / a[j][j];
    right += std::max_element(scores.begin(), scores.end()) - scores.begin() == test_labels[i];
  }
  return right / static_cast<double>(test.size());
}

/// One step a block and channel of each noise, of items first..first+count-1.
std::vector<std::vector<double>> cells_of(NoiseSource& source, const std::vector<NoiseItem>& items,
                                          int grid) {
  std::vector<std::vector<double>> rows;
  for (const Noise& noise : source.make(items)) {
    rows.emplace_back();
    for (int y = 0; y < grid; ++y)
      for (int x = 0; x < grid; ++x)
        for (int c = 0; c < 3; ++c)
          rows.back().push_back(noise.steps[static_cast<size_t>(
              (y * noise.height / grid * noise.width + x * noise.width / grid) * 3 + c)]);
  }
  return rows;
}

TEST(SeparablePatches, ALinearClassifierSeparatesUnseenItems) {
  SeparablePatches source(32, 32, {.classes = 10, .seed = 4});
  const std::vector<NoiseItem> all = testing_methods::items(800, 10);
  const std::vector<NoiseItem> train(all.begin(), all.begin() + 500), test(all.begin() + 500, all.end());
  std::vector<int> labels, test_labels;
  for (const NoiseItem& item : train) labels.push_back(*item.label);
  for (const NoiseItem& item : test) test_labels.push_back(*item.label);
  EXPECT_GE(
      least_squares_accuracy(cells_of(source, train, 4), labels, cells_of(source, test, 4), test_labels, 10),
      0.99);
  UniformNoise noise(32, 32, 8, 4);  // the classifier finds nothing where there is nothing
  EXPECT_LE(
      least_squares_accuracy(cells_of(noise, train, 4), labels, cells_of(noise, test, 4), test_labels, 10),
      0.25);
}

TEST(SeparablePatches, IsSoundAndMadeOfBlocks) {
  const SeparablePatches::Options options{.classes = 3, .seed = 1};
  SeparablePatches source(32, 32, options), again(32, 32, options);
  const std::vector<Noise> noises = expect_sound(source, again, testing_methods::items(9, 3));
  EXPECT_EQ(distinct(noises), 9u);
  EXPECT_NEAR(source.card().eps, 1.304, 5e-4) << "the authors' budget";
  for (const Noise& noise : noises) {
    EXPECT_GT(norms_of(noise).l2, 0.97 * double{source.card().eps});
    for (size_t y = 0; y < 32; ++y)
      for (size_t x = 0; x < 32; ++x)
        for (size_t c = 0; c < 3; ++c)
          ASSERT_EQ(noise.steps[(y * 32 + x) * 3 + c], noise.steps[(y / 8 * 8 * 32 + x / 8 * 8) * 3 + c]);
  }
}

TEST(SeparablePatches, PointsLieAroundDifferentVertices) {
  // 8 classes on a grid of one cell use all 8 vertices of a cube; the spread of a coordinate is that of the
  // sum of 3 products uniform * normal: variance 1.
  SeparablePatches source(8, 8, {.classes = 8, .grid = 1, .separation = 10, .seed = 2});
  std::set<std::vector<bool>> vertices;
  for (int label = 0; label < 8; ++label) {
    std::array<double, 3> mean{};
    for (int i = 0; i < 200; ++i) {
      const std::vector<double> point = source.point_of({concat("key", i), "", label, nullptr});
      for (size_t j = 0; j < 3; ++j) mean[j] += point[j] / 200;
    }
    for (const double value : mean) EXPECT_NEAR(std::abs(value), 10, 0.7);
    vertices.insert({mean[0] > 0, mean[1] > 0, mean[2] > 0});
  }
  EXPECT_EQ(vertices.size(), 8u);
}

TEST(SeparablePatches, RefusesWhatItCannotDo) {
  expect_error([] { SeparablePatches(8, 8, {.classes = 9, .grid = 1}); }, {"lsp", "8 classes", "9"});
  expect_error([] { SeparablePatches(8, 8, {.grid = 33}); }, {"lsp", "33"});
  expect_error([] { SeparablePatches(8, 8, {.separation = NAN}); }, {"separation"});
  SeparablePatches small(2, 2, {.grid = 4});
  expect_error([&] { small.make(testing_methods::items(1, 1)); }, {"4 x 4"});
}

}  // namespace
}  // namespace t2ue
