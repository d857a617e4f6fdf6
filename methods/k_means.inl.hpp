#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/methods/k_means.hpp>

namespace t2ue {

namespace detail {
inline double squared_distance(const double* a, const double* b, size_t width) {
  double sum = 0;
  for (size_t j = 0; j < width; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/// k-means++: each next centre is a row, drawn with probability proportional to its squared distance from the
/// centres so far.
inline std::vector<double> start_centres(std::span<const double> rows, size_t width, int count,
                                         Random random) {
  const size_t n = rows.size() / width;
  std::vector<double> centres, distance(n, INFINITY);
  size_t chosen = random.below(static_cast<uint32_t>(n));
  for (int k = 0;; ++k) {
    const double* centre = rows.data() + chosen * width;
    centres.insert(centres.end(), centre, centre + width);
    if (k + 1 == count) return centres;
    double total = 0;
    for (size_t i = 0; i < n; ++i) {
      distance[i] = std::min(distance[i], squared_distance(rows.data() + i * width, centre, width));
      total += distance[i];
    }
    check(total > 0, "k-means", "there are only ", k + 1, " different rows, too few for ", count,
          " clusters; use fewer clusters");
    double rest = double{random.uniform()} * total;
    chosen = n;
    for (size_t i = 0; i < n && (chosen == n || rest >= 0); ++i) {
      if (distance[i] == 0) continue;  // a centre already
      chosen = i;
      rest -= distance[i];
    }
  }
}
}  // namespace detail

T2UE_INLINE int Clusters::nearest(std::span<const double> row) const {
  check(static_cast<int64_t>(row.size()) == width, "k-means", "a row has ", row.size(),
        " numbers, the centres have ", width);
  int best = 0;
  double least = INFINITY;
  for (int k = 0; k < count(); ++k) {
    const double distance = detail::squared_distance(
        row.data(), centres.data() + static_cast<size_t>(k) * row.size(), row.size());
    if (distance < least) least = distance, best = k;
  }
  return best;
}

T2UE_INLINE Clusters k_means(std::span<const double> rows, int64_t width, int count, uint64_t seed,
                             int max_rounds) {
  check(width >= 1 && !rows.empty() && static_cast<int64_t>(rows.size()) % width == 0, "k-means", rows.size(),
        " numbers are no rows of ", width);
  const auto columns = static_cast<size_t>(width);
  const size_t n = rows.size() / columns;
  check(count >= 1 && static_cast<size_t>(count) <= n && n <= UINT32_MAX, "k-means", n,
        " rows cannot be parted into ", count, " clusters");
  check(std::all_of(rows.begin(), rows.end(), [](double value) { return std::isfinite(value); }), "k-means",
        "a row has a number that is not finite");
  Clusters clusters{width, detail::start_centres(rows, columns, count, Random(seed, Purpose::clusters))};
  std::vector<int> cluster_of(n, -1);
  for (int round = 0; round < max_rounds; ++round) {
    bool moved = false;
#pragma omp parallel for schedule(static) reduction(|| : moved)
    for (int64_t i = 0; i < static_cast<int64_t>(n); ++i) {
      const auto row = static_cast<size_t>(i);
      const int nearest = clusters.nearest(rows.subspan(row * columns, columns));
      moved = moved || nearest != cluster_of[row];
      cluster_of[row] = nearest;
    }
    if (!moved) break;
    std::vector<double> sums(clusters.centres.size());
    std::vector<int64_t> sizes(static_cast<size_t>(count));
    for (size_t i = 0; i < n; ++i) {
      const auto k = static_cast<size_t>(cluster_of[i]);
      ++sizes[k];
      for (size_t j = 0; j < columns; ++j) sums[k * columns + j] += rows[i * columns + j];
    }
    for (size_t k = 0; k < sizes.size(); ++k)
      for (size_t j = 0; sizes[k] > 0 && j < columns; ++j)
        clusters.centres[k * columns + j] = sums[k * columns + j] / static_cast<double>(sizes[k]);
  }
  return clusters;
}

}  // namespace t2ue
