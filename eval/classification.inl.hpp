#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <t2ue/core/error.hpp>
#include <t2ue/eval/classification.hpp>

namespace t2ue {

T2UE_INLINE ClassificationResult classification(std::span<const float> logits,
                                                std::span<const int32_t> labels, int64_t classes,
                                                const BootstrapOptions& bootstrap) {
  const char* where = "classification";
  check(classes >= 1 && !labels.empty(), where, labels.size(), " items in ", classes, " classes");
  const auto width = static_cast<size_t>(classes);
  check(logits.size() == labels.size() * width, where, logits.size(), " logits for ", labels.size(),
        " items of ", classes, " classes");
  ClassificationResult result;
  result.count = static_cast<int64_t>(labels.size());
  result.classes = classes;
  result.chance = 100 / static_cast<double>(classes);
  result.per_class.resize(width);
  result.per_class_count.resize(width);
  const double share = 100 / static_cast<double>(labels.size());
  std::vector<double> correct(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    check(labels[i] >= 0 && labels[i] < classes, where, "item ", i, " has label ", labels[i], " of ",
          classes);
    const auto row = logits.subspan(i * width, width);
    for (const float logit : row)
      check(std::isfinite(logit), where, "item ", i, " has the logit ", logit, "; the model has diverged");
    const auto label = static_cast<size_t>(labels[i]);
    const float highest = *std::max_element(row.begin(), row.end());
    const auto sharing = std::count(row.begin(), row.end(), highest);
    const bool wins = row[label] == highest;
    correct[i] = wins ? 100 / static_cast<double>(sharing) : 0;
    result.accuracy_optimistic += wins ? share : 0;
    result.accuracy_pessimistic += wins && sharing == 1 ? share : 0;
    result.tied += sharing > 1 ? share : 0;
    result.per_class[label] += correct[i];
    ++result.per_class_count[label];
  }
  double filled = 0;
  for (size_t c = 0; c < width; ++c) {
    if (result.per_class_count[c] == 0) continue;
    const auto items = static_cast<double>(result.per_class_count[c]);
    result.accuracy += result.per_class[c] / static_cast<double>(labels.size());
    result.per_class[c] /= items;
    result.balanced_accuracy += result.per_class[c];
    result.majority = std::max(result.majority, items * share);
    ++filled;
  }
  result.balanced_accuracy /= filled;
  result.accuracy_interval = bootstrap_mean(correct, {}, 0, bootstrap, 2);
  return result;
}

T2UE_INLINE nlohmann::json to_json(const ClassificationResult& r) {
  return {{"count", r.count},
          {"classes", r.classes},
          {"accuracy", r.accuracy},
          {"accuracy_optimistic", r.accuracy_optimistic},
          {"accuracy_pessimistic", r.accuracy_pessimistic},
          {"accuracy_interval", {r.accuracy_interval.low, r.accuracy_interval.high}},
          {"balanced_accuracy", r.balanced_accuracy},
          {"tied", r.tied},
          {"chance", r.chance},
          {"majority", r.majority},
          {"per_class", r.per_class},
          {"per_class_count", r.per_class_count}};
}

}  // namespace t2ue
