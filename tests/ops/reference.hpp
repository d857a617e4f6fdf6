// Plain float64 references that several op tests share.
#pragma once

#include <cmath>

#include "ops/op_test.hpp"

namespace t2ue::testing_ops {

inline double activate64(Activation kind, double x) {
  switch (kind) {
    case Activation::none:
      return x;
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::leaky_relu:
      return x > 0 ? x : 0.2 * x;
    case Activation::gelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::quick_gelu:
      return x / (1 + std::exp(-1.702 * x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
  }
  return 0;
}
inline bool has_kink(Activation kind) {
  return kind == Activation::relu || kind == Activation::leaky_relu;
}

/// Statistics of the columns of x [rows, channels].
struct Moments64 {
  Doubles mean, variance;
};
inline Moments64 moments64(const Doubles& x, size_t channels) {
  const size_t rows = x.size() / channels;
  Moments64 m{Doubles(channels, 0), Doubles(channels, 0)};
  for (size_t i = 0; i < x.size(); ++i) m.mean[i % channels] += x[i] / static_cast<double>(rows);
  for (size_t i = 0; i < x.size(); ++i) {
    const double d = x[i] - m.mean[i % channels];
    m.variance[i % channels] += d * d / static_cast<double>(rows);
  }
  return m;
}

/// running statistics after one step of `momentum` towards batch statistics over `count` samples.
inline Moments64 running64(const Doubles& mean, const Doubles& variance, const Moments64& batch, double count,
                           double momentum) {
  Moments64 m{mean, variance};
  for (size_t c = 0; c < mean.size(); ++c) {
    m.mean[c] += momentum * (batch.mean[c] - m.mean[c]);
    m.variance[c] += momentum * (batch.variance[c] * count / (count - 1) - m.variance[c]);
  }
  return m;
}

inline double log_sum_exp64(const Doubles& x) {
  double sum = 0;
  for (const double value : x) sum += std::exp(value);
  return std::log(sum);
}

/// Rows of x [.., width] scaled to unit length.
inline Doubles unit_rows(const Doubles& x, size_t width) {
  Doubles y(x);
  for (size_t row = 0; row < x.size(); row += width) {
    double squares = 0;
    for (size_t c = 0; c < width; ++c) squares += x[row + c] * x[row + c];
    for (size_t c = 0; c < width; ++c) y[row + c] = x[row + c] / std::max(std::sqrt(squares), 1e-12);
  }
  return y;
}

/// Test names like "M3_K7": letters, digits and underscores only.
inline std::string readable(std::string name) {
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name;
}

}  // namespace t2ue::testing_ops
