// The contrastive loss on the CPU, over any row-major product. Only one tile of logits exists at a time.
#pragma once

#include <limits>
#include <vector>

#include <t2ue/core/cpu/gemm.hpp>
#include <t2ue/core/cpu/losses.hpp>
#include <t2ue/core/cpu/math.hpp>

namespace t2ue::cpu {

namespace detail {

/// The log-sum-exp of every column, so far: its largest number, and the sum of exp(number - largest).
class ColumnLogSums {
 public:
  explicit ColumnLogSums(int64_t columns)
      : columns_(columns),
        most_(static_cast<size_t>(columns), -std::numeric_limits<float>::infinity()),
        sum_(static_cast<size_t>(columns), 0.0) {}

  /// Adds `rows` rows of numbers.
  void add(const float* numbers, int64_t rows) {
    parallel_for((columns_ + together - 1) / together, 8 * together * rows, [&](int64_t block) {
      const int64_t begin = block * together;
      add_block(numbers + begin, rows, begin, std::min(together, columns_ - begin));
    });
  }
  float at(int64_t column) const {
    const auto c = static_cast<size_t>(column);
    return most_[c] + static_cast<float>(std::log(sum_[c]));
  }

 private:
  static constexpr int64_t together = 64;  // columns: enough to vectorise, few enough to stay in the cache

  void add_block(const float* numbers, int64_t rows, int64_t begin, int64_t count) {
    float most[together];
    float* before = most_.data() + begin;
    double* sum = sum_.data() + begin;
    for (int64_t c = 0; c < count; ++c) most[c] = before[c];
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = numbers + r * columns_;
      for (int64_t c = 0; c < count; ++c) most[c] = row[c] > most[c] ? row[c] : most[c];
    }
    for (int64_t c = 0; c < count; ++c) sum[c] *= static_cast<double>(fast_exp(before[c] - most[c]));
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = numbers + r * columns_;
#pragma omp simd
      for (int64_t c = 0; c < count; ++c) sum[c] += static_cast<double>(fast_exp(row[c] - most[c]));
    }
    for (int64_t c = 0; c < count; ++c) before[c] = most[c];
  }

  int64_t columns_;
  std::vector<float> most_;
  std::vector<double> sum_;
};

}  // namespace detail

template <Gemm gemm>
void info_nce_with(const InfoNceArgs& a, Stream) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1], most_rows = a.tile.shape[0];
  const float factor = std::exp(a.logit_scale.f32()[0]);
  float *tile = a.tile.f32(), *row_lse = a.row_lse.f32(), *column_lse = a.column_lse.f32();
  detail::ColumnLogSums columns(batch);
  std::vector<float> targets(static_cast<size_t>(batch));
  for (int64_t first = 0; first < batch; first += most_rows) {
    const int64_t rows = std::min(most_rows, batch - first);
    gemm(false, true, rows, batch, width, a.image.f32() + first * width, width, a.text.f32(), width, 0.0f,
         tile, batch);
    parallel_for(rows, 8 * batch, [&](int64_t i) {
      float* logits = tile + i * batch;
      for (int64_t j = 0; j < batch; ++j) logits[j] *= factor;
      row_lse[first + i] = detail::log_sum_exp(logits, batch);
      targets[static_cast<size_t>(first + i)] = logits[first + i];
    });
    columns.add(tile, rows);
  }
  double sum = 0;
  for (int64_t i = 0; i < batch; ++i) {
    column_lse[i] = columns.at(i);
    const double target = static_cast<double>(targets[static_cast<size_t>(i)]);
    sum += static_cast<double>(row_lse[i]) - target + static_cast<double>(column_lse[i]) - target;
  }
  a.loss.f32()[0] = static_cast<float>(sum / static_cast<double>(2 * batch));
}

template <Gemm gemm>
void info_nce_grad_with(const InfoNceGradArgs& a, Stream) {
  const int64_t batch = a.image.shape[0], width = a.image.shape[1], most_rows = a.tile.shape[0];
  const float factor = std::exp(a.logit_scale.f32()[0]);
  const float share = a.dloss.f32()[0] / static_cast<float>(2 * batch);
  const float *row_lse = a.row_lse.f32(), *column_lse = a.column_lse.f32();
  float* tile = a.tile.f32();
  // Each row's sum of dlogits * logits: logit_scale's gradient.
  std::vector<double> along(static_cast<size_t>(batch));
  for (int64_t first = 0; first < batch; first += most_rows) {
    const int64_t rows = std::min(most_rows, batch - first);
    const float* image = a.image.f32() + first * width;
    gemm(false, true, rows, batch, width, image, width, a.text.f32(), width, 0.0f, tile, batch);
    parallel_for(rows, 16 * batch, [&](int64_t i) {
      float* row = tile + i * batch;
      const int64_t diagonal = first + i;
      const float lse = row_lse[diagonal];
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < batch; ++j) {
        const float logit = factor * row[j], target = j == diagonal ? 2.0f : 0.0f;
        const float d = share * (fast_exp(logit - lse) + fast_exp(logit - column_lse[j]) - target);
        row[j] = factor * d;
        sum += static_cast<double>(d) * static_cast<double>(logit);
      }
      along[static_cast<size_t>(diagonal)] = sum;
    });
    if (a.dtext.data)
      gemm(true, false, batch, width, rows, tile, batch, image, width,
           first > 0 || a.dtext.accumulate ? 1.0f : 0.0f, a.dtext.f32(), width);
    if (a.dimage.data)
      gemm(false, false, rows, width, batch, tile, batch, a.text.f32(), width,
           a.dimage.accumulate ? 1.0f : 0.0f, a.dimage.f32() + first * width, width);
  }
  if (!a.dlogit_scale.data) return;
  double sum = 0;
  for (const double part : along) sum += part;
  put(a.dlogit_scale.f32()[0], static_cast<float>(sum), a.dlogit_scale.accumulate);
}

inline void info_nce(const InfoNceArgs& a, Stream stream) {
  info_nce_with<reference_gemm>(a, stream);
}
inline void info_nce_grad(const InfoNceGradArgs& a, Stream stream) {
  info_nce_grad_with<reference_gemm>(a, stream);
}

}  // namespace t2ue::cpu
