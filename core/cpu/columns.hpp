// Sums over the rows of a matrix, in an order that does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>

namespace t2ue::cpu {

inline constexpr int64_t rows_per_chunk = 256;

namespace detail {
inline void add_row(int64_t channels, const float* __restrict row, float* __restrict sum) {
  for (int64_t c = 0; c < channels; ++c) sum[c] += row[c];
}
inline void add_squares_row(int64_t channels, const float* __restrict row, const float* __restrict mean,
                            float* __restrict sum) {
  for (int64_t c = 0; c < channels; ++c) sum[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
}
}  // namespace detail

/// totals[j] = sum over rows of what `chunk(begin, end, partial)` adds into partial[0..width): float within
/// chunks of 256 rows, double across them, chunks in order.
template <class F>
std::vector<double> column_sums(int64_t rows, int64_t width, F&& chunk) {
  const int64_t chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  std::vector<float> partial(static_cast<size_t>(chunks * width), 0.0f);
  parallel_for(chunks, rows_per_chunk * width, [&](int64_t i) {
    chunk(i * rows_per_chunk, std::min(rows, (i + 1) * rows_per_chunk), partial.data() + i * width);
  });
  std::vector<double> totals(static_cast<size_t>(width), 0.0);
  for (int64_t i = 0; i < chunks; ++i)
    for (int64_t j = 0; j < width; ++j)
      totals[static_cast<size_t>(j)] += partial[static_cast<size_t>(i * width + j)];
  return totals;
}

/// Writes totals[offset..offset+gradient size) into a gradient; nothing if it is absent.
inline void put_columns(const GradView& gradient, const std::vector<double>& totals, int64_t offset) {
  if (!gradient.data) return;
  for (int64_t j = 0; j < gradient.elements(); ++j)
    put(gradient.f32()[j], static_cast<float>(totals[static_cast<size_t>(offset + j)]), gradient.accumulate);
}

/// Mean and variance of every column of x [rows, channels]: two passes within a chunk of rows, chunks merged
/// in order by Chan's formula in double.
struct ColumnMoments {
  std::vector<double> mean, variance;
};

inline ColumnMoments column_moments(const float* x, int64_t rows, int64_t channels) {
  const int64_t chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  std::vector<float> means(static_cast<size_t>(chunks * channels), 0.0f), squares(means.size(), 0.0f);
  parallel_for(chunks, rows_per_chunk * channels, [&](int64_t i) {
    float* mean = means.data() + i * channels;
    float* square = squares.data() + i * channels;
    const int64_t begin = i * rows_per_chunk, end = std::min(rows, begin + rows_per_chunk);
    for (int64_t r = begin; r < end; ++r) detail::add_row(channels, x + r * channels, mean);
    const float share = 1.0f / static_cast<float>(end - begin);
    for (int64_t c = 0; c < channels; ++c) mean[c] *= share;
    for (int64_t r = begin; r < end; ++r) detail::add_squares_row(channels, x + r * channels, mean, square);
  });
  ColumnMoments moments{std::vector<double>(static_cast<size_t>(channels), 0.0),
                        std::vector<double>(static_cast<size_t>(channels), 0.0)};
  double before = 0.0;
  for (int64_t i = 0; i < chunks; ++i) {
    const double count = static_cast<double>(std::min(rows, (i + 1) * rows_per_chunk) - i * rows_per_chunk);
    for (int64_t c = 0; c < channels; ++c) {
      const auto at = static_cast<size_t>(i * channels + c), channel = static_cast<size_t>(c);
      const double delta = static_cast<double>(means[at]) - moments.mean[channel];
      moments.mean[channel] += delta * count / (before + count);
      moments.variance[channel] +=
          static_cast<double>(squares[at]) + delta * delta * before * count / (before + count);
    }
    before += count;
  }
  for (double& v : moments.variance) v /= static_cast<double>(rows);
  return moments;
}

/// The statistics a normalisation uses and leaves behind: batch moments (running ones updated, variance
/// unbiased by `count` samples), or the running ones.
template <class Args>
void normalisation_statistics(const Args& a, int64_t count) {
  const int64_t channels = a.x.shape.back();
  float *mean = a.mean.f32(), *inv_std = a.inv_std.f32();
  float *running_mean = a.running_mean.f32(), *running_var = a.running_var.f32();
  if (!a.training) {
    for (int64_t c = 0; c < channels; ++c) {
      mean[c] = running_mean[c];
      inv_std[c] = 1.0f / std::sqrt(running_var[c] + a.eps);
    }
    return;
  }
  const ColumnMoments moments = column_moments(a.x.f32(), a.x.shape.rows(), channels);
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  for (int64_t c = 0; c < channels; ++c) {
    const double m = moments.mean[static_cast<size_t>(c)], v = moments.variance[static_cast<size_t>(c)];
    mean[c] = static_cast<float>(m);
    inv_std[c] = static_cast<float>(1.0 / std::sqrt(v + static_cast<double>(a.eps)));
    if (running_mean) running_mean[c] += a.momentum * (static_cast<float>(m) - running_mean[c]);
    if (running_var) running_var[c] += a.momentum * (static_cast<float>(v * unbiased) - running_var[c]);
  }
}

}  // namespace t2ue::cpu
