// UC's loss: to the surrogate, pictures of a cluster shall look like the centre of another cluster (Zhang et
// al., 2023).
#pragma once

#include <cmath>
#include <functional>
#include <vector>

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
  ClusterTargets(const std::vector<float>& centres, int64_t groups, int shift, int64_t batch, Device device)
      : ClusterTargets(linear_part(centres, groups, shift, batch), groups, batch, device) {}
  /// From what weights() gave.
  ClusterTargets(const std::vector<float>& weights, int64_t groups, int64_t batch, Device device)
      : weights_(Tensor::of(weights, {groups, static_cast<int64_t>(weights.size()) / groups}, device)),
        first_(Tensor::zeros({batch}, DType::i32, device)) {}

  explicit operator bool() const { return static_cast<bool>(weights_); }
  const Tensor& weights() const { return weights_; }

  /// features f32 [B,width], clusters i32 [B], -1 for a place without one.
  Var loss(const Var& features, const Var& clusters) const {
    check(features.shape().rank() == 2 && features.shape()[1] == weights_.shape()[1], "clusters",
          "targets are of ", weights_.shape()[1], " features, got ", features.shape());
    Graph& g = features.graph();
    const int64_t count = features.shape().elements();
    const Var weights = gather_rows(g.input(weights_), clusters);
    const Var linear_in_f = linear(features.reshape({1, count}), weights.reshape({1, count}));
    return add(cross_entropy(features, g.input(first_)), linear_in_f.reshape({1}));
  }

 private:
  /// Row k: ((1 at the first output) - p) / batch.
  static std::vector<float> linear_part(const std::vector<float>& centres, int64_t groups, int shift,
                                        int64_t batch) {
    const int64_t width = static_cast<int64_t>(centres.size()) / groups;
    std::vector<float> weights;
    for (int64_t k = 0; k < groups; ++k) {
      const float* centre = centres.data() + (k + shift) % groups * width;
      const float most = *std::max_element(centre, centre + width);
      double sum = 0;
      for (int64_t j = 0; j < width; ++j) sum += std::exp(static_cast<double>(centre[j] - most));
      for (int64_t j = 0; j < width; ++j) {
        const double p = std::exp(static_cast<double>(centre[j] - most)) / sum;
        weights.push_back(static_cast<float>(((j == 0 ? 1.0 : 0.0) - p) / static_cast<double>(batch)));
      }
    }
    return weights;
  }

  Tensor weights_, first_;
};

}  // namespace t2ue
