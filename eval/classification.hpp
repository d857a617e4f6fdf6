// Top-1 and top-5 accuracy, per class and over all, with the chance level.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/statistics.hpp>

namespace t2ue {

/// All shares are per cent. An item is right at k if its label's logit is among the k highest. Where `equal`
/// others have exactly the label's logit and `greater` ones a higher one, it counts (k - greater) / (equal +
/// 1), between 0 and 1: the expectation over a random order of those tied, so a collapsed model gets exactly
/// `chance`. `accuracy` is k = 1.
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
  double top5 = 0;
  double top5_optimistic = 0;
  double top5_pessimistic = 0;
  Interval top5_interval;         ///< of the same resamples as accuracy_interval
  double top5_chance = 0;         ///< 100 min(5, classes) / classes: five different guesses
  double majority = 0;            ///< always saying the most frequent label
  std::vector<double> per_class;  ///< [classes]; 0 where `per_class_count` is 0
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
