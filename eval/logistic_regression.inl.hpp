#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>

#include <t2ue/core/cpu/gemm.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/logistic_regression.hpp>

namespace t2ue {

namespace detail {

/// x -> (x - mean) * scale, so that rows have mean 0 and a mean squared norm of 1.
struct Standardiser {
  std::vector<float> mean;
  float scale = 0;  ///< 0 where all rows are equal

  Standardiser(int64_t features, int64_t count, const FeatureRows& rows) {
    const auto width = static_cast<size_t>(features);
    std::vector<double> sum(width, 0.0), squares(width, 0.0);
    std::vector<float> row(width);
    for (int64_t i = 0; i < count; ++i) {
      rows(i, row);
      for (size_t d = 0; d < width; ++d) {
        const auto value = static_cast<double>(row[d]);
        sum[d] += value;
        squares[d] += value * value;
      }
    }
    double norm = 0;
    for (size_t d = 0; d < width; ++d) {
      const double centre = sum[d] / static_cast<double>(count);
      mean.push_back(static_cast<float>(centre));
      norm += squares[d] / static_cast<double>(count) - centre * centre;
    }
    check(std::isfinite(norm), "logistic regression", "a feature is not finite");
    if (norm > 0) scale = static_cast<float>(1.0 / std::sqrt(norm));
  }
  void apply(std::span<float> row) const {
    for (size_t d = 0; d < row.size(); ++d) row[d] = (row[d] - mean[d]) * scale;
  }
};

/// Scores become the gradient of the mean cross-entropy: (softmax - one at the label) / rows.
inline void cross_entropy_gradient(std::span<float> scores, int64_t classes,
                                   std::span<const int32_t> labels) {
  const auto width = static_cast<size_t>(classes);
  const float each = 1.0f / static_cast<float>(labels.size());
  for (size_t b = 0; b < labels.size(); ++b) {
    const std::span<float> row = scores.subspan(b * width, width);
    const float highest = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (float& score : row) sum += score = std::exp(score - highest);
    for (float& score : row) score *= each / sum;
    row[static_cast<size_t>(labels[b])] -= each;
  }
}

}  // namespace detail

T2UE_INLINE int64_t LogisticRegression::classify(std::span<const float> row) const {
  int64_t best = 0;
  double highest = -INFINITY;
  for (int64_t k = 0; k < classes; ++k) {
    const float* weight = weights.data() + k * features;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < features; ++d) sum += weight[d] * row[static_cast<size_t>(d)];
    const double score = static_cast<double>(sum) + static_cast<double>(bias[static_cast<size_t>(k)]);
    if (score > highest) highest = score, best = k;
  }
  return best;
}

T2UE_INLINE double LogisticRegression::accuracy(const FeatureRows& rows,
                                                std::span<const int32_t> labels) const {
  std::vector<uint8_t> right(labels.size(), 0);
  cpu::parallel_for(static_cast<int64_t>(labels.size()), features * classes, [&](int64_t i) {
    std::vector<float> row(static_cast<size_t>(features));
    rows(i, row);
    right[static_cast<size_t>(i)] = classify(row) == labels[static_cast<size_t>(i)];
  });
  const auto count = std::accumulate(right.begin(), right.end(), int64_t{0});
  return 100.0 * static_cast<double>(count) / static_cast<double>(std::max<size_t>(labels.size(), 1));
}

T2UE_INLINE LogisticRegression logistic_regression(int64_t features, int64_t classes, const FeatureRows& rows,
                                                   std::span<const int32_t> labels,
                                                   const LogisticOptions& options) {
  const auto count = static_cast<int64_t>(labels.size());
  check(count > 0 && features > 0 && classes >= 2 && options.epochs > 0 && options.batch > 0,
        "logistic regression", "needs rows, features and two classes, not ", count, ", ", features, " and ",
        classes, ", and at least one epoch and a batch");
  for (const int32_t label : labels)
    check(label >= 0 && label < classes, "logistic regression", "label ", label, " is not one of the ",
          classes, " classes");
  const detail::Standardiser standard(features, count, rows);
  LogisticRegression model{features, classes, {}, {}};
  model.weights.assign(static_cast<size_t>(classes * features), 0.0f);
  model.bias.assign(static_cast<size_t>(classes), 0.0f);
  std::vector<float> weight_speed(model.weights.size(), 0.0f), bias_speed(model.bias.size(), 0.0f);

  const int64_t batch = std::min(options.batch, count), steps = count / batch * options.epochs;
  const auto width = static_cast<size_t>(features);
  std::vector<float> x(static_cast<size_t>(batch) * width), scores(static_cast<size_t>(batch * classes));
  std::vector<int32_t> chosen(static_cast<size_t>(batch));
  std::vector<int64_t> order;
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t epoch = step / (count / batch), begin = step % (count / batch) * batch;
    if (begin == 0) order = shuffled_order(count, options.seed, static_cast<uint64_t>(epoch));
    cpu::parallel_for(batch, features, [&](int64_t b) {
      const int64_t row = order[static_cast<size_t>(begin + b)];
      const std::span<float> to = std::span(x).subspan(static_cast<size_t>(b) * width, width);
      rows(row, to);
      standard.apply(to);
      chosen[static_cast<size_t>(b)] = labels[static_cast<size_t>(row)];
      std::copy(model.bias.begin(), model.bias.end(), scores.begin() + b * classes);
    });
    // Both products sum each result on one thread, in one order.
    cpu::reference_gemm(false, true, batch, classes, features, x.data(), features, model.weights.data(),
                        features, 1.0f, scores.data(), classes);
    detail::cross_entropy_gradient(scores, classes, chosen);
    cpu::reference_gemm(true, false, classes, features, batch, scores.data(), classes, x.data(), features,
                        options.momentum, weight_speed.data(), features);
    for (float& speed : bias_speed) speed *= options.momentum;
    for (size_t i = 0; i < scores.size(); ++i) bias_speed[i % model.bias.size()] += scores[i];
    const double turn = 3.14159265358979323846 * static_cast<double>(step) / static_cast<double>(steps);
    const auto rate = static_cast<float>(static_cast<double>(options.rate) * 0.5 * (1.0 + std::cos(turn)));
    for (size_t i = 0; i < model.weights.size(); ++i) model.weights[i] -= rate * weight_speed[i];
    for (size_t i = 0; i < model.bias.size(); ++i) model.bias[i] -= rate * bias_speed[i];
  }

  for (size_t k = 0; k < model.bias.size(); ++k) {
    double shift = 0;
    for (size_t d = 0; d < width; ++d) {
      float& weight = model.weights[k * width + d];
      weight *= standard.scale;
      shift += static_cast<double>(weight) * static_cast<double>(standard.mean[d]);
    }
    model.bias[k] -= static_cast<float>(shift);
  }
  return model;
}

}  // namespace t2ue
