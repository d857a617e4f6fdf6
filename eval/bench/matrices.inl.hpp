#pragma once

#include <functional>
#include <map>
#include <utility>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/figures.hpp>
#include <t2ue/eval/bench/matrices.hpp>
#include <t2ue/eval/bench/published.hpp>
#include <t2ue/eval/bench/seed_groups.hpp>
#include <t2ue/report/results_table.hpp>

namespace t2ue {

namespace detail {

/// What is said above and below a matrix, and of its columns.
struct MatrixWords {
  std::string what;  ///< of the title
  std::string note;
  std::function<std::string(const BenchTable&)> column;
};

/// The headline metric of every method in each table of the victim that `chosen` is true of.
inline TextTable headline_matrix(const BenchRunner& runner, std::span<const BenchTable> tables,
                                 const std::string& victim,
                                 const std::function<bool(const BenchTable&)>& chosen, ScoredEpoch epoch,
                                 const MatrixWords& words) {
  const size_t headline = headline_metric(runner.metrics());
  const Metric& metric = runner.metrics()[headline];
  const bool last = epoch == ScoredEpoch::last;
  TextTable matrix;
  matrix.title = concat(runner.plan().title, ": ", victim, ", ", metric.name, words.what);
  if (last) matrix.title += ", last epoch";
  matrix.columns = {{"row", false}, {"eps"}};
  std::vector<std::pair<std::string, double>> names;
  std::map<std::pair<std::string, double>, std::vector<std::string>> cells;
  size_t columns = 0;
  for (const BenchTable& table : tables) {
    if (table.victim != victim || !chosen(table)) continue;
    matrix.columns.push_back({words.column(table)});
    for (const SeedGroup& group : groups_of(table.results)) {
      const std::pair<std::string, double> name{group.name, group.eps};
      if (!cells.contains(name)) names.push_back(name);
      auto& row = cells[name];
      row.resize(columns, "-");
      row.push_back(score_text(table.results, group, headline, last ? &Scores::last : &Scores::selected));
      if (published_score(runner.plan(), table, group, metric.name))
        row.back() += " (" + published_text(runner.plan(), table, group, metric) + ")";
    }
    ++columns;
  }
  for (const auto& name : names) {
    std::vector<std::string> row{name.first, name.second == 0 ? "-" : format_number(name.second, 0)};
    cells[name].resize(columns, "-");
    row.insert(row.end(), cells[name].begin(), cells[name].end());
    matrix.rows.push_back(std::move(row));
  }
  matrix.notes = {concat("Chance ", format_number(metric.chance, 1), ". ", words.note),
                  last ? "At the last epoch, as most published figures are."
                       : "At the epoch selected on clean validation data, which an attacker may not have."};
  if (!runner.plan().published_in.empty())
    matrix.notes.push_back(concat("In brackets: ", runner.plan().published_in, "."));
  return matrix;
}

}  // namespace detail

T2UE_INLINE TextTable defence_matrix(const BenchRunner& runner, std::span<const BenchTable> tables,
                                     const std::string& victim, double ratio, ScoredEpoch epoch) {
  detail::MatrixWords words{
      " under defences",
      "The same defences for every method; clean accuracy under each stands in the clean row.",
      [](const BenchTable& table) { return table.defence; }};
  if (ratio < 1) words.what += concat(", ", format_number(100 * ratio, 0), " % protected");
  return detail::headline_matrix(
      runner, tables, victim, [&](const BenchTable& table) { return table.ratio == ratio; }, epoch, words);
}

T2UE_INLINE TextTable ratio_matrix(const BenchRunner& runner, std::span<const BenchTable> tables,
                                   const std::string& victim, const std::string& defence, ScoredEpoch epoch) {
  detail::MatrixWords words{
      " by the share protected",
      "Below 100 % clean is trained on the unprotected share alone, for as many steps as the others: what "
      "protected pictures add to it is what they teach.",
      [](const BenchTable& table) { return concat(format_number(100 * table.ratio, 0), " % protected"); }};
  if (defence != "none") words.what += ", " + defence;
  return detail::headline_matrix(
      runner, tables, victim, [&](const BenchTable& table) { return table.defence == defence; }, epoch,
      words);
}

T2UE_INLINE std::vector<TextTable> matrices(const BenchRunner& runner, std::span<const BenchTable> tables) {
  const BenchPlan& plan = runner.plan();
  std::vector<TextTable> all;
  for (const PlanVictim& victim : plan.victims)
    for (const ScoredEpoch epoch : {ScoredEpoch::selected, ScoredEpoch::last}) {
      if (plan.defences.size() > 1)
        for (const double ratio : plan.ratios)
          all.push_back(defence_matrix(runner, tables, victim.name, ratio, epoch));
      if (plan.ratios.size() > 1)
        for (const std::string& defence : plan.defences)
          all.push_back(ratio_matrix(runner, tables, victim.name, defence, epoch));
    }
  return all;
}

}  // namespace t2ue
