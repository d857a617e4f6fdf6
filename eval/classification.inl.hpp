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
  result.top5_chance =
      100 * static_cast<double>(std::min<int64_t>(5, classes)) / static_cast<double>(classes);
  result.per_class.resize(width);
  result.per_class_count.resize(width);
  const double share = 100 / static_cast<double>(labels.size());
  std::vector<double> correct(labels.size()), among5(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    check(labels[i] >= 0 && labels[i] < classes, where, "item ", i, " has label ", labels[i], " of ",
          classes);
    const auto row = logits.subspan(i * width, width);
    const auto label = static_cast<size_t>(labels[i]);
    int64_t greater = 0, equal = -1;  // the label's own logit is not another's
    float highest = row[label];
    for (const float logit : row) {
      check(std::isfinite(logit), where, "item ", i, " has the logit ", logit, "; the model has diverged");
      greater += logit > row[label] ? 1 : 0;
      equal += logit == row[label] ? 1 : 0;
      highest = std::max(highest, logit);
    }
    correct[i] = 100 * first_hit_probability(1, equal, 1 - greater);
    among5[i] = 100 * first_hit_probability(1, equal, 5 - greater);
    result.accuracy_optimistic += greater == 0 ? share : 0;
    result.accuracy_pessimistic += greater + equal == 0 ? share : 0;
    result.top5 += among5[i] / static_cast<double>(labels.size());
    result.top5_optimistic += greater < 5 ? share : 0;
    result.top5_pessimistic += greater + equal < 5 ? share : 0;
    result.tied += std::count(row.begin(), row.end(), highest) > 1 ? share : 0;
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
  result.top5_interval = bootstrap_mean(among5, {}, 0, bootstrap, 2);
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
          {"top5", r.top5},
          {"top5_optimistic", r.top5_optimistic},
          {"top5_pessimistic", r.top5_pessimistic},
          {"top5_interval", {r.top5_interval.low, r.top5_interval.high}},
          {"top5_chance", r.top5_chance},
          {"majority", r.majority},
          {"per_class", r.per_class},
          {"per_class_count", r.per_class_count}};
}

}  // namespace t2ue
