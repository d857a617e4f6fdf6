// Multi-class logistic regression on the host.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Writes the features of row i into the span. Called from several threads at a time.
using FeatureRows = std::function<void(int64_t row, std::span<float> features)>;

struct LogisticOptions {
  int epochs = 20;
  int64_t batch = 128;
  float rate = 4.0f;  ///< at the start, falling to 0 along a cosine; for features of mean squared norm 1
  float momentum = 0.9f;
  uint64_t seed = 1;  ///< of the order of the rows
};

/// A linear classifier: class k scores weights[k] . x + bias[k].
struct LogisticRegression {
  int64_t features = 0;
  int64_t classes = 0;
  std::vector<float> weights;  ///< [classes, features]
  std::vector<float> bias;     ///< [classes]

  /// The class with the highest score, the first of equals.
  int64_t classify(std::span<const float> row) const;
  /// The share of `labels.size()` rows that are classified as labelled, per cent.
  double accuracy(const FeatureRows& rows, std::span<const int32_t> labels) const;
};

/// Minimises the mean softmax cross-entropy of `labels.size()` rows from zero weights by mini-batch gradient
/// descent with momentum. Features are centred and scaled to a mean squared norm of 1 first; the result is
/// for features as they are. The bits do not depend on the number of threads. Error for no rows or features,
/// fewer than 2 classes, a feature that is not finite, or a label outside 0..classes-1.
LogisticRegression logistic_regression(int64_t features, int64_t classes, const FeatureRows& rows,
                                       std::span<const int32_t> labels, const LogisticOptions& options = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/logistic_regression.inl.hpp>
#endif
