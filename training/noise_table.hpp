// Noise as a table on the device: a row for every picture, class or cluster.
#pragma once

#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/noise_rows.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// Noise [rows,S,S,3], f32 in [0,1] pixel units, every value within +-eps.
class NoiseTable {
 public:
  /// All zero. Error for sizes that are not positive or eps outside (0,1].
  NoiseTable(int64_t rows, int64_t size, float eps, Device device) : eps_(eps) {
    check(rows >= 1 && size >= 1 && eps > 0.0f && eps <= 1.0f, "noise table",
          "wants rows of pictures and eps in ", "(0,1] pixel units, got ", rows, " rows of ", size,
          " pixels a side and ", eps);
    values_ = Tensor::zeros({rows, size, size, 3}, DType::f32, device);
  }

  /// Puts every row back to zero, or to uniform numbers within +-eps by (seed, restart, row).
  void start(NoiseStart kind, uint64_t seed, uint64_t restart) {
    const int64_t rows = values_.shape()[0];
    std::vector<float> numbers(static_cast<size_t>(values_.shape().elements()), 0.0f);
    if (kind == NoiseStart::uniform) {
      const size_t width = numbers.size() / static_cast<size_t>(rows);
      for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
        Random random(seed, Purpose::noise_start, restart << 40 | row);
        for (size_t i = 0; i < width; ++i) numbers[row * width + i] = random.uniform(-eps_, eps_);
      }
    }
    values_.assign(numbers);
  }

  const Tensor& values() const { return values_; }
  void assign(const std::vector<float>& values) { values_.assign(values); }
  int64_t rows() const { return values_.shape()[0]; }
  float eps() const { return eps_; }

 private:
  float eps_;
  Tensor values_;
};

}  // namespace t2ue
