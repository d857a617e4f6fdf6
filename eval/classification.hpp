// Top-1 accuracy, per class and over all, beside what guessing gives.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/statistics.hpp>

namespace t2ue {

/// All shares are per cent. Where m logits share the maximum with the label's, the item counts 1/m: the
/// expectation over a random choice, so a collapsed model gets exactly `chance`.
struct ClassificationResult {
  int64_t count = 0;
  int64_t classes = 0;
  double accuracy = 0;
  double accuracy_optimistic = 0;   ///< every tie won
  double accuracy_pessimistic = 0;  ///< every tie lost
  double balanced_accuracy = 0;     ///< mean over the classes that have items
  double tied = 0;                  ///< items whose maximum is shared
  Interval accuracy_interval;       ///< 95 % bootstrap over items
  double chance = 0;                ///< 100 / classes: a uniform guess
  double majority = 0;              ///< always saying the most frequent label
  std::vector<double> per_class;    ///< [classes]; 0 where `per_class_count` is 0
  std::vector<int64_t> per_class_count;
};

/// Scores `logits` [items, classes], row-major, against `labels` [items] in [0, classes). Throws Error when
/// there is no item, sizes do not fit, a label is out of range, or a logit is NaN or infinite.
ClassificationResult classification(std::span<const float> logits, std::span<const int32_t> labels,
                                    int64_t classes, const BootstrapOptions& bootstrap = {});

/// The result with its field names as keys.
nlohmann::json to_json(const ClassificationResult& result);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/classification.inl.hpp>
#endif
