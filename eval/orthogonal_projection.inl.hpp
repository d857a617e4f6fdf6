#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/eval/logistic_regression.hpp>
#include <t2ue/eval/orthogonal_projection.hpp>

namespace t2ue {

namespace detail {

inline double dot_product(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// x without its part along the unit vector q.
inline void remove_part(std::span<double> x, std::span<const double> q) {
  const double part = dot_product(x, q);
  for (size_t i = 0; i < x.size(); ++i) x[i] -= part * q[i];
}

inline std::vector<double> mean_picture(const PairDataset& data) {
  std::vector<double> mean(data.picture_bytes(), 0.0);
  for (int64_t i = 0; i < data.count(); ++i) {
    const auto bytes = data.picture(i);
    for (size_t p = 0; p < bytes.size(); ++p) mean[p] += bytes[p];
  }
  for (double& value : mean) value /= static_cast<double>(data.count());
  return mean;
}

}  // namespace detail

T2UE_INLINE std::vector<std::vector<double>> orthonormal_rows(std::span<const float> matrix, int64_t rows,
                                                              int64_t columns) {
  const auto width = static_cast<size_t>(columns);
  std::vector<std::vector<double>> basis;
  for (size_t k = 0; k < static_cast<size_t>(rows); ++k) {
    const std::span<const float> given = matrix.subspan(k * width, width);
    std::vector<double> row(given.begin(), given.end());
    const double before = std::sqrt(detail::dot_product(row, row));
    for (int pass = 0; pass < 2; ++pass)
      for (const std::vector<double>& q : basis) detail::remove_part(row, q);
    const double left = std::sqrt(detail::dot_product(row, row));
    if (left <= 1e-5 * before) continue;
    for (double& value : row) value /= left;
    basis.push_back(std::move(row));
  }
  return basis;
}

T2UE_INLINE void project_out_linear(PairDataset& data, uint64_t seed) {
  LogisticOptions options;
  options.seed = seed;
  const auto features = static_cast<int64_t>(data.picture_bytes());
  const LogisticRegression model = logistic_regression(
      features, static_cast<int64_t>(data.label_names.size()),
      [&](int64_t i, std::span<float> row) {
        const auto bytes = data.picture(i);
        std::copy(bytes.begin(), bytes.end(), row.begin());
      },
      data.labels, options);
  const std::vector<std::vector<double>> basis = orthonormal_rows(model.weights, model.classes, features);
  const std::vector<double> mean = detail::mean_picture(data);
  cpu::parallel_for(data.count(), features * static_cast<int64_t>(basis.size()), [&](int64_t i) {
    const std::span<uint8_t> bytes =
        std::span(data.pixels).subspan(static_cast<size_t>(i) * mean.size(), mean.size());
    std::vector<double> x(mean.size());
    for (size_t p = 0; p < x.size(); ++p) x[p] = bytes[p] - mean[p];
    for (const std::vector<double>& q : basis) detail::remove_part(x, q);
    for (size_t p = 0; p < x.size(); ++p)
      bytes[p] = static_cast<uint8_t>(std::clamp(std::nearbyint(x[p] + mean[p]), 0.0, 255.0));
  });
}

}  // namespace t2ue
