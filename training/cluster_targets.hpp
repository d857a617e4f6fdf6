// UC's loss: to the surrogate, pictures of a cluster shall look like the centre of another cluster (Zhang et
// al., 2023).
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/ops.hpp>

namespace t2ue {

/// Items in groups, and what the surrogate's features are in the middle of each: centres [groups, width].
struct ItemClusters {
  std::vector<int32_t> cluster_of_item;
  std::vector<float> centres;
};
/// Makes `groups` clusters of features [N, width].
using ClusterItems =
    std::function<ItemClusters(const std::vector<float>& features, int64_t width, int groups)>;

/// The cross-entropy of softmax(features) against p, the softmax of the centre of cluster (k + shift) mod K
/// for a picture of cluster k: the mean over the batch of log sum exp(f) - sum_j p_j f_j. It is recorded as
/// the cross-entropy of the first output plus what is linear in f.
class ClusterTargets {
 public:
  ClusterTargets() = default;
  /// From centres [groups, width].
  ClusterTargets(const std::vector<float>& centres, int64_t groups, int shift, int64_t batch, Device device);
  /// From what weights() gave.
  ClusterTargets(const std::vector<float>& weights, int64_t groups, int64_t batch, Device device);

  explicit operator bool() const { return static_cast<bool>(weights_); }
  const Tensor& weights() const { return weights_; }

  /// features f32 [B,width], clusters i32 [B], -1 for a place without one.
  Var loss(const Var& features, const Var& clusters) const;

 private:
  /// Row k: ((1 at the first output) - p) / batch.
  static std::vector<float> linear_part(const std::vector<float>& centres, int64_t groups, int shift,
                                        int64_t batch);

  Tensor weights_, first_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/cluster_targets.inl.hpp>
#endif
