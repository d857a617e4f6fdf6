#pragma once

#include <t2ue/training/cluster_targets.hpp>

namespace t2ue {

T2UE_INLINE ClusterTargets::ClusterTargets(const std::vector<float>& centres, int64_t groups, int shift,
                                           int64_t batch, Device device)
    : ClusterTargets(linear_part(centres, groups, shift, batch), groups, batch, device) {}

T2UE_INLINE ClusterTargets::ClusterTargets(const std::vector<float>& weights, int64_t groups, int64_t batch,
                                           Device device)
    : weights_(Tensor::of(weights, {groups, static_cast<int64_t>(weights.size()) / groups}, device)),
      first_(Tensor::zeros({batch}, DType::i32, device)) {}

T2UE_INLINE Var ClusterTargets::loss(const Var& features, const Var& clusters) const {
  check(features.shape().rank() == 2 && features.shape()[1] == weights_.shape()[1], "clusters",
        "targets are of ", weights_.shape()[1], " features, got ", features.shape());
  Graph& g = features.graph();
  const int64_t count = features.shape().elements();
  const Var weights = gather_rows(g.input(weights_), clusters);
  const Var linear_in_f = linear(features.reshape({1, count}), weights.reshape({1, count}));
  return add(cross_entropy(features, g.input(first_)), linear_in_f.reshape({1}));
}

T2UE_INLINE std::vector<float> ClusterTargets::linear_part(const std::vector<float>& centres, int64_t groups,
                                                           int shift, int64_t batch) {
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

}  // namespace t2ue
