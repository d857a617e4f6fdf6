// Figures that others published, shown beside ours.
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/bench/seed_groups.hpp>

namespace t2ue::detail {

/// Whether the plan knows a published figure for this metric of any row of the table.
inline bool has_published(const BenchPlan& plan, const BenchTable& table, const std::string& metric) {
  return std::any_of(plan.published.begin(), plan.published.end(), [&](const PublishedFigure& figure) {
    return (!figure.victim || *figure.victim == table.victim) && figure.defence == table.defence &&
           figure.ratio == table.ratio && figure.scores.contains(metric);
  });
}

/// The published figure for a row of the table, if the plan has one.
inline std::optional<double> published_score(const BenchPlan& plan, const BenchTable& table,
                                             const SeedGroup& group, const std::string& metric) {
  for (const PublishedFigure& figure : plan.published) {
    if (figure.row != group.name || (figure.victim && *figure.victim != table.victim)) continue;
    if (figure.defence != table.defence || figure.ratio != table.ratio) continue;
    if (figure.eps_steps && std::lround(group.eps) != *figure.eps_steps) continue;
    const auto score = figure.scores.find(metric);
    if (score != figure.scores.end()) return score->second;
  }
  return {};
}

/// It as a cell: "11.6", or "-".
inline std::string published_text(const BenchPlan& plan, const BenchTable& table, const SeedGroup& group,
                                  const Metric& metric) {
  const std::optional<double> score = published_score(plan, table, group, metric.name);
  return score ? format_number(*score, metric.decimals) : "-";
}

}  // namespace t2ue::detail
