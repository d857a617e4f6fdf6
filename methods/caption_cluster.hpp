// One pattern for every cluster of captions: class-wise noise where there are no classes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/methods/block_codes.hpp>
#include <t2ue/methods/block_pattern.hpp>
#include <t2ue/methods/caption_features.hpp>
#include <t2ue/methods/k_means.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// Captions of a data set in clusters (k_means of unit_features), and each cluster, if asked, in clusters of
/// its own. Every caption, seen or not, belongs to the nearest.
class CaptionClusters {
 public:
  /// `fine` 1: one level. A cluster with fewer different captions than `fine` has that many of its own.
  CaptionClusters(const CaptionFeatures& features, std::span<const std::string> captions, int coarse,
                  int fine, uint64_t seed);

  struct Place {
    int coarse = 0;
    int fine = 0;  ///< within the coarse cluster; 0 with one level
    bool operator==(const Place&) const = default;
  };
  /// The nearest coarse cluster of each row, and the nearest of the fine ones in it.
  std::vector<Place> places_of(std::span<const double> unit_rows) const;

  const Clusters& coarse() const { return coarse_; }
  const Clusters& fine(int coarse) const { return fine_.at(static_cast<size_t>(coarse)); }

 private:
  Clusters coarse_;
  std::vector<Clusters> fine_;  // empty with one level
};

/// Every item gets the pattern of its caption's cluster: signs of grid x grid blocks, from block_codes. With
/// fine clusters the coarse pattern has half of eps (rounded up), and a pattern of 2 grid x 2 grid blocks
/// that every fine cluster has for itself gets the rest; their sum is within eps.
class CaptionCluster final : public NoiseSource {
 public:
  struct Options {
    int clusters = 16;
    int fine = 1;  ///< fine clusters in each; 1: none
    int grid = 4;
    int eps_steps = 8;
    uint64_t seed = 0;
  };

  /// `name` is caption_cluster or caption_hierarchy; `features` what CaptionFeatures::name says.
  static MethodCard describe(const std::string& name, int eps_steps, const std::string& features);

  /// Clusters `captions`, noises of height x width. Throws Error for a number out of range, fine clusters
  /// with an eps of one step, a grid that does not fit, and as k_means does.
  CaptionCluster(int height, int width, CaptionFeatures features, std::span<const std::string> captions,
                 const Options& options);

  const MethodCard& card() const override { return card_; }
  std::vector<Noise> make(std::span<const NoiseItem> items) override;

  const CaptionClusters& clusters() const { return clusters_; }

 private:
  Noise pattern_of(CaptionClusters::Place place) const;

  MethodCard card_;
  int height_, width_;
  Options options_;
  CaptionFeatures features_;
  CaptionClusters clusters_;
  std::vector<std::vector<double>> coarse_codes_, fine_codes_;
};

/// The items' captions; Error naming the key of one that has none.
std::vector<std::string> captions_of_items(const std::string& method, std::span<const NoiseItem> items);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/caption_cluster.inl.hpp>
#endif
