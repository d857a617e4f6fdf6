#pragma once

#include <algorithm>
#include <limits>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/methods/caption_clusters.hpp>

namespace t2ue {

namespace detail {
inline double squared_distance(const float* a, const float* b, int64_t width) {
  double sum = 0;
  for (int64_t c = 0; c < width; ++c) {
    const double difference = static_cast<double>(a[c]) - static_cast<double>(b[c]);
    sum += difference * difference;
  }
  return sum;
}

/// k-means++: each next centre is a row drawn with probability proportional to its squared distance to the
/// centres so far.
inline std::vector<float> first_centres(std::span<const float> rows, int64_t width, int64_t clusters,
                                        uint64_t seed) {
  const int64_t count = static_cast<int64_t>(rows.size()) / width;
  Random random(seed, Purpose::subset);
  std::vector<double> distance(static_cast<size_t>(count), std::numeric_limits<double>::max());
  std::vector<float> centres;
  int64_t chosen = random.below(static_cast<uint32_t>(count));
  for (int64_t k = 0; k < clusters; ++k) {
    const float* centre = rows.data() + chosen * width;
    centres.insert(centres.end(), centre, centre + width);
    double total = 0;
    for (int64_t i = 0; i < count; ++i) {
      double& nearest = distance[static_cast<size_t>(i)];
      nearest = std::min(nearest, squared_distance(rows.data() + i * width, centre, width));
      total += nearest;
    }
    double left = total * static_cast<double>(random.uniform());
    for (chosen = 0; chosen + 1 < count; ++chosen) {
      left -= distance[static_cast<size_t>(chosen)];
      if (left < 0) break;
    }
  }
  return centres;
}
}  // namespace detail

T2UE_INLINE int32_t CaptionClusters::nearest(std::span<const float> embedding) const {
  check(static_cast<int64_t>(embedding.size()) == width && count() > 0, "clusters", "an embedding of ",
        embedding.size(), " numbers for ", count(), " centroids of ", width);
  int32_t best = 0;
  double least = std::numeric_limits<double>::max();
  for (int64_t k = 0; k < count(); ++k) {
    const double distance = detail::squared_distance(embedding.data(), centroids.data() + k * width, width);
    if (distance < least) {
      least = distance;
      best = static_cast<int32_t>(k);
    }
  }
  return best;
}

T2UE_INLINE std::vector<float> CaptionClusters::quantise(std::vector<float> embeddings) const {
  if (count() == 0) return embeddings;
  const auto step = static_cast<size_t>(width);
  for (size_t at = 0; at + step <= embeddings.size(); at += step) {
    const int64_t k = nearest(std::span<const float>(embeddings).subspan(at, step));
    std::copy_n(centroids.begin() + k * width, width, embeddings.begin() + static_cast<int64_t>(at));
  }
  return embeddings;
}

T2UE_INLINE CaptionClusters CaptionClusters::learn(std::span<const float> embeddings, int64_t width,
                                                   int64_t clusters, uint64_t seed) {
  check(width >= 1 && embeddings.size() % static_cast<size_t>(width) == 0, "clusters", embeddings.size(),
        " numbers are not rows of ", width);
  const int64_t rows = static_cast<int64_t>(embeddings.size()) / width;
  check(clusters >= 1 && clusters <= rows, "clusters", clusters, " clusters of ", rows, " captions; need 1..",
        rows);
  CaptionClusters result{width, detail::first_centres(embeddings, width, clusters, seed)};
  std::vector<int32_t> of_row(static_cast<size_t>(rows), -1);
  for (int round = 0; round < 50; ++round) {
    bool moved = false;
    std::vector<double> sums(static_cast<size_t>(clusters * width), 0.0);
    std::vector<int64_t> members(static_cast<size_t>(clusters), 0);
    for (int64_t i = 0; i < rows; ++i) {
      const auto row = embeddings.subspan(static_cast<size_t>(i * width), static_cast<size_t>(width));
      const int32_t k = result.nearest(row);
      moved |= k != of_row[static_cast<size_t>(i)];
      of_row[static_cast<size_t>(i)] = k;
      ++members[static_cast<size_t>(k)];
      for (int64_t c = 0; c < width; ++c)
        sums[static_cast<size_t>(k * width + c)] += static_cast<double>(row[static_cast<size_t>(c)]);
    }
    if (!moved) break;
    for (int64_t k = 0; k < clusters; ++k)
      for (int64_t c = 0; c < width && members[static_cast<size_t>(k)] > 0; ++c)
        result.centroids[static_cast<size_t>(k * width + c)] = static_cast<float>(
            sums[static_cast<size_t>(k * width + c)] / static_cast<double>(members[static_cast<size_t>(k)]));
  }
  return result;
}

}  // namespace t2ue
