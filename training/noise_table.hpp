// Noise as a table on the device: a row for every picture, class or cluster.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/noise_rows.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/training/noise_policy.hpp>

namespace t2ue {

/// Noise [rows,S,S,3], f32 in [0,1] pixel units, every value within +-eps.
class NoiseTable {
 public:
  /// All zero. Error for sizes that are not positive or eps outside (0,1].
  NoiseTable(int64_t rows, int64_t size, float eps, Device device);

  /// Puts every row back to zero, or to uniform numbers within +-eps by (seed, restart, row).
  void start(NoiseStart kind, uint64_t seed, uint64_t restart);

  const Tensor& values() const { return values_; }
  void assign(const std::vector<float>& values) { values_.assign(values); }
  int64_t rows() const { return values_.shape()[0]; }
  float eps() const { return eps_; }

 private:
  float eps_;
  Tensor values_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/noise_table.inl.hpp>
#endif
