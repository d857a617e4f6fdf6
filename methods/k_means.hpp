// k-means clusters (Lloyd, 1982) from a k-means++ start (Arthur and Vassilvitskii, 2007), the same on every
// run.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Centres of clusters: [count, width] numbers.
struct Clusters {
  int64_t width = 0;
  std::vector<double> centres;

  int count() const { return static_cast<int>(static_cast<int64_t>(centres.size()) / width); }
  /// The centre nearest to the row in Euclidean distance, the first of equals. Throws Error for a row of
  /// another width.
  int nearest(std::span<const double> row) const;
};

/// Clusters of rows [N, width] in `count` groups. A centre that no row is nearest to stays where it was. Ends
/// when nothing moves, or after max_rounds. The result depends on the rows' order and the seed, not on the
/// number of threads. Throws Error for no rows, a bad width, a number that is not finite, or fewer different
/// rows than clusters.
Clusters k_means(std::span<const double> rows, int64_t width, int count, uint64_t seed, int max_rounds = 100);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/k_means.inl.hpp>
#endif
