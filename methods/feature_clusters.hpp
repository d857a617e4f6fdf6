// Clusters of items by a surrogate's features, for methods that need no labels.
#pragma once

#include <t2ue/methods/k_means.hpp>
#include <t2ue/training/noise_trainer.hpp>

namespace t2ue {

/// k-means by seed. Error as k_means().
inline ClusterItems feature_clusters(uint64_t seed) {
  return [seed](const std::vector<float>& features, int64_t width, int groups) {
    const std::vector<double> rows(features.begin(), features.end());
    const Clusters found = k_means(rows, width, groups, seed);
    ItemClusters clusters{{}, {found.centres.begin(), found.centres.end()}};
    const auto size = static_cast<size_t>(width);
    for (size_t at = 0; at < rows.size(); at += size)
      clusters.cluster_of_item.push_back(found.nearest(std::span(rows).subspan(at, size)));
    return clusters;
  };
}

}  // namespace t2ue
