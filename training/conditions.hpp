// Generator inputs: a conditioning row for each item, and latent vectors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <t2ue/core/rng.hpp>

namespace t2ue {

/// What the generator is told about each item: a table of embeddings [rows, condition] and each item's row in
/// it. One row a caption, one a class, or one a cluster of captions.
struct Conditions {
  int64_t width = 0;
  std::vector<float> table;
  std::vector<int32_t> row_of_item;
  std::vector<std::string> texts = {};  ///< what each row is made from, where that is text
  bool shared = false;                  ///< rows are of groups or classes, not of one item each
  /// [rows, S*S*3], signs +-1 at the generator's size S: what each row's noise starts from. Empty: nothing.
  std::vector<float> start;

  int64_t rows() const { return width == 0 ? 0 : static_cast<int64_t>(table.size()) / width; }
};

/// Mean and variance of each column of the conditions, over the items.
struct ConditionStatistics {
  std::vector<float> mean, variance;
};
inline ConditionStatistics condition_statistics(const Conditions& conditions) {
  const auto width = static_cast<size_t>(conditions.width);
  std::vector<double> sum(width, 0.0), squares(width, 0.0);
  for (const int32_t row : conditions.row_of_item)
    for (size_t c = 0; c < width; ++c) {
      const auto x = static_cast<double>(conditions.table[static_cast<size_t>(row) * width + c]);
      sum[c] += x;
      squares[c] += x * x;
    }
  ConditionStatistics found{std::vector<float>(width), std::vector<float>(width)};
  const auto items = static_cast<double>(conditions.row_of_item.size());
  for (size_t c = 0; c < width; ++c) {
    found.mean[c] = static_cast<float>(sum[c] / items);
    found.variance[c] =
        static_cast<float>(std::max(squares[c] / items - sum[c] / items * (sum[c] / items), 1e-8));
  }
  return found;
}

/// The latents z ~ N(0,1) of (seed, item), so many numbers; item 0 is the one that shared latents use.
inline std::vector<float> latent_vector(int64_t count, uint64_t seed, uint64_t item) {
  std::vector<float> z(static_cast<size_t>(count));
  Random random(seed, Purpose::latent, item);
  for (float& x : z) x = random.normal();
  return z;
}

}  // namespace t2ue
