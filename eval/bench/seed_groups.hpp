// Groups rows of a benchmark's table that differ only in their seed, and averages them.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/eval/bench/table.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

namespace detail {

struct MeanAndDeviation {
  double mean = 0;
  double deviation = 0;  ///< of the sample (n - 1); 0 for one value
  size_t count = 0;
};

inline MeanAndDeviation spread_of(const std::vector<double>& values) {
  MeanAndDeviation s;
  s.count = values.size();
  for (const double v : values) s.mean += v / static_cast<double>(values.size());
  if (values.size() < 2) return s;
  double squares = 0;
  for (const double v : values) squares += (v - s.mean) * (v - s.mean);
  s.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return s;
}

/// "12.3 +- 0.4", or "12.3" for one seed, or "-".
inline std::string spread_text(const std::vector<double>& values, int decimals) {
  if (values.empty()) return "-";
  const MeanAndDeviation s = spread_of(values);
  std::string text = format_number(s.mean, decimals);
  if (s.count > 1) text += " \u00b1 " + format_number(s.deviation, decimals);
  return text;
}

/// The budget of a cell in steps of 1/255: what the plan asked for, or what the method's card says.
inline double budget_of(const CellResult& cell) {
  if (cell.cell.eps_steps > 0 || !cell.result.contains("measured")) return cell.cell.eps_steps;
  const nlohmann::json& card = cell.result.at("measured").at("card");
  if (card.at("norm") != "linf") return 0;
  return std::round(card.at("eps").get<double>() * 255.0);
}

inline ResultRow result_row(const BenchPlan& plan, const CellResult& cell) {
  const PlanMethod& method = plan.methods[cell.cell.method];
  ResultRow row;
  row.name = method.label;
  row.kind = method.method == "clean" ? RowKind::clean : method.control ? RowKind::control : RowKind::method;
  row.recipe = cell.result.at("recipe");
  row.split = cell.result.at("split");
  row.eps = budget_of(cell);
  row.seed = cell.cell.seed;
  if (cell.result.contains("measured")) {
    const nlohmann::json& m = cell.result.at("measured");
    row.measured = MeasuredNoise{m.at("linf"), m.at("psnr").is_null() ? INFINITY : m.at("psnr").get<double>(),
                                 m.at("distinct_deltas")};
    row.protect_seconds = cell.result.at("protect_seconds").get<double>();
  }
  for (const nlohmann::json& score : cell.result.at("scores")) {
    Scores s{score.at("last"), score.at("selected"), score.at("best"), {}};
    if (score.contains("interval")) s.interval = Interval{score.at("interval")[0], score.at("interval")[1]};
    row.scores.push_back(s);
  }
  row.train_seconds = cell.result.at("train_seconds");
  return row;
}

/// The rows of a table that differ in their seed only.
struct SeedGroup {
  std::string name;
  double eps = 0;
  RowKind kind = RowKind::method;
  std::vector<size_t> rows;  // of the ResultsTable
};

inline std::vector<SeedGroup> groups_of(const ResultsTable& table) {
  std::vector<SeedGroup> groups;
  for (size_t r = 0; r < table.rows().size(); ++r) {
    const ResultRow& row = table.rows()[r];
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const SeedGroup& g) {
      return g.name == row.name && g.eps == row.eps;
    });
    if (same == groups.end())
      groups.push_back({row.name, row.eps, row.kind, {r}});
    else
      same->rows.push_back(r);
  }
  return groups;
}

/// f(row) of a group's rows where it gives a number.
template <class F>
std::vector<double> values_of(const SeedGroup& group, const F& f) {
  std::vector<double> values;
  for (const size_t r : group.rows) {
    const std::optional<double> value = f(r);
    if (value) values.push_back(*value);
  }
  return values;
}

inline std::string eps_text(const SeedGroup& group) {
  return group.eps == 0 ? "-" : format_number(group.eps, 0);
}

/// The columns and cells that say which group this is.
inline std::vector<TextTable::Column> group_columns() {
  return {{"row", false}, {"eps"}, {"seeds"}};
}
inline std::vector<std::string> group_cells(const SeedGroup& group) {
  return {group.name, eps_text(group), std::to_string(group.rows.size())};
}

/// A metric's mean and deviation over the group's seeds, at one of the three epochs.
inline std::string score_text(const ResultsTable& table, const SeedGroup& group, size_t metric,
                              double Scores::*epoch) {
  const auto score = [&](size_t r) { return std::optional<double>(table.rows()[r].scores[metric].*epoch); };
  return spread_text(values_of(group, score), table.metrics()[metric].decimals);
}

}  // namespace detail

}  // namespace t2ue
