// Captions in a few clusters: what many captions share is learned first, so noise that a cluster shares is a
// faster shortcut than noise that every caption has of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Centroids of caption embeddings, [clusters, width]. Without centroids every caption stands for itself.
struct CaptionClusters {
  int64_t width = 0;
  std::vector<float> centroids;

  int64_t count() const { return width == 0 ? 0 : static_cast<int64_t>(centroids.size()) / width; }
  /// The centroid nearest to an embedding (the first of equals).
  int32_t nearest(std::span<const float> embedding) const;
  /// Every row of `embeddings` [N,width] replaced by its nearest centroid; unchanged without centroids.
  std::vector<float> quantise(std::vector<float> embeddings) const;

  /// k-means (Lloyd's, started by k-means++ from (seed, Purpose::subset)) over embeddings [N,width], at most
  /// 50 rounds. Error unless 1 <= clusters <= N.
  static CaptionClusters learn(std::span<const float> embeddings, int64_t width, int64_t clusters,
                               uint64_t seed);
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/caption_clusters.inl.hpp>
#endif
