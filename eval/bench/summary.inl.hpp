#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/eval/bench/costs.hpp>
#include <t2ue/eval/bench/figures.hpp>
#include <t2ue/eval/bench/matrices.hpp>
#include <t2ue/eval/bench/published.hpp>
#include <t2ue/eval/bench/seed_groups.hpp>
#include <t2ue/eval/bench/summary.hpp>
#include <t2ue/report/report.hpp>
#include <t2ue/report/table_formats.hpp>

namespace t2ue {

namespace detail {

inline std::string table_title(const BenchPlan& plan, const BenchCell& cell) {
  std::string title = plan.title + ": " + plan.victims[cell.victim].name;
  if (cell.defence != "none") title += ", " + cell.defence;
  if (cell.ratio < 1) title += concat(", ", format_number(100 * cell.ratio, 0), " % protected");
  return title;
}

}  // namespace detail

T2UE_INLINE bool weak_clean(const ResultsTable& table, LearningTask task) {
  double score = 0, chance = 0, count = 0;
  for (const ResultRow& row : table.rows()) {
    if (row.kind != RowKind::clean) continue;
    for (size_t m = 0; m < table.metrics().size(); ++m) {
      if (!table.metrics()[m].headline) continue;
      score += row.scores[m].selected;
      chance += table.metrics()[m].chance;
      ++count;
    }
  }
  if (count == 0) return false;
  score /= count;
  chance /= count;
  return score < (task == LearningTask::image_text ? 5 * chance : chance + (100 - chance) / 4);
}

T2UE_INLINE std::vector<BenchTable> tables_of(const BenchRunner& runner,
                                              std::span<const CellResult> results) {
  std::vector<BenchTable> tables;
  for (const CellResult& cell : results) {
    const std::string& victim = runner.plan().victims[cell.cell.victim].name;
    auto table = std::find_if(tables.begin(), tables.end(), [&](const BenchTable& t) {
      return t.victim == victim && t.defence == cell.cell.defence && t.ratio == cell.cell.ratio;
    });
    if (table == tables.end()) {
      const std::string title = detail::table_title(runner.plan(), cell.cell);
      tables.push_back({title,
                        victim,
                        cell.cell.defence,
                        cell.cell.ratio,
                        ResultsTable(title, runner.metrics()),
                        {},
                        {},
                        false});
      table = tables.end() - 1;
    }
    (cell.done() ? table->done : table->failed).push_back(&cell);
    if (cell.done()) table->results.add(detail::result_row(runner.plan(), cell));
  }
  for (BenchTable& table : tables) table.weak_clean = weak_clean(table.results, runner.plan().task);
  return tables;
}

T2UE_INLINE TextTable summary_table(const BenchPlan& plan, const BenchTable& table) {
  const ResultsTable& results = table.results;
  const std::vector<Metric>& metrics = results.metrics();
  TextTable text{table.title, detail::group_columns(), {}, {}};
  for (const Metric& metric : metrics) {
    text.columns.push_back({metric.name});
    if (detail::has_published(plan, table, metric.name)) text.columns.push_back({"published"});
  }
  for (const Metric& metric : metrics)
    if (metric.headline) {
      text.columns.push_back({metric.name + " effect"});
      text.columns.push_back({"over control"});
    }
  for (const detail::SeedGroup& group : detail::groups_of(results)) {
    std::vector<std::string> cells = detail::group_cells(group);
    for (size_t m = 0; m < metrics.size(); ++m) {
      cells.push_back(detail::score_text(results, group, m, &Scores::selected));
      if (detail::has_published(plan, table, metrics[m].name))
        cells.push_back(detail::published_text(plan, table, group, metrics[m]));
    }
    for (size_t m = 0; m < metrics.size(); ++m) {
      if (!metrics[m].headline) continue;
      const auto effect = [&](size_t r) { return results.effect(r, m); };
      const auto over_control = [&](size_t r) { return results.effect_over_control(r, m); };
      cells.push_back(detail::spread_text(detail::values_of(group, effect), 0));
      cells.push_back(detail::spread_text(detail::values_of(group, over_control), 0));
    }
    text.rows.push_back(std::move(cells));
  }
  std::vector<std::string> chance{"chance", "-", "-"};
  bool published = false;
  for (const Metric& metric : metrics) {
    chance.push_back(format_number(metric.chance, metric.decimals));
    if (!detail::has_published(plan, table, metric.name)) continue;
    chance.push_back("-");
    published = true;
  }
  chance.resize(text.columns.size(), "-");
  text.rows.push_back(std::move(chance));
  if (table.weak_clean)
    text.notes.push_back(
        "WEAK CLEAN MODEL: training on clean pictures taught too little for this table to show protection.");
  if (table.ratio < 1)
    text.notes.push_back(
        "clean: trained on the unprotected share alone, for as many steps as the others: the control for "
        "what "
        "that share teaches.");
  text.notes.push_back(
      "Mean \u00b1 standard deviation over seeds, at the epoch selected on validation data.");
  text.notes.push_back(
      "Effect: the share of what clean training learned above chance that was lost, per cent. Over control: "
      "that less the strongest control's effect at the same eps and seed, points.");
  if (published)
    text.notes.push_back(concat("Published: ", plan.published_in, "; other data, models or recipes."));
  for (const CellResult* cell : table.failed)
    text.notes.push_back(concat("FAILED: ", cell->result.value("row", ""), ", seed ", cell->cell.seed, ": ",
                                cell->result.value("reason", "")));
  if (!results.rows().empty())
    text.notes.push_back("recipe " + results.rows()[0].recipe + ", test split " + results.rows()[0].split);
  return text;
}

T2UE_INLINE TextTable detail_table(const BenchTable& table) {
  const ResultsTable& results = table.results;
  const std::vector<Metric>& metrics = results.metrics();
  TextTable text{table.title + ": epochs, measured noise, costs", detail::group_columns(), {}, {}};
  for (const Metric& metric : metrics)
    if (metric.headline)
      for (const char* epoch : {" last", " best"}) text.columns.push_back({metric.name + epoch});
  for (std::string& what : detail::cost_columns()) text.columns.push_back({std::move(what)});
  const std::map<std::string, detail::Costs> costs = detail::costs_of(table);
  const std::optional<double> dearest = detail::dearest_of(costs);
  for (const detail::SeedGroup& group : detail::groups_of(results)) {
    std::vector<std::string> cells = detail::group_cells(group);
    for (size_t m = 0; m < metrics.size(); ++m) {
      if (!metrics[m].headline) continue;
      cells.push_back(detail::score_text(results, group, m, &Scores::last));
      cells.push_back(detail::score_text(results, group, m, &Scores::best));
    }
    const auto cost = costs.find(detail::cost_name(group.name, group.eps));
    if (cost == costs.end()) {
      cells.resize(text.columns.size(), "-");
    } else {
      const std::vector<std::string> measured = detail::cost_cells(cost->second, dearest);
      cells.insert(cells.end(), measured.begin(), measured.end());
    }
    text.rows.push_back(std::move(cells));
  }
  text.notes = {
      "Best: the best epoch on the test data, an oracle and not a claim.",
      "L2: of the mean picture, in pixel units. Distinct: different noises among the pictures; - for a "
      "transform, which adds none.",
      "Separable: accuracy of a linear model that was trained on the noises of half the pictures, on those "
      "of the other half.",
      "Training: of a generator once, of a surrogate for every data set. In all: for this one. Break-even: "
      "the number of pictures from which a generator's training is paid back against the dearest method "
      "here that trains for every data set; never, if that costs less a picture."};
  return text;
}

T2UE_INLINE std::string write_summary(const BenchRunner& runner, std::span<const CellResult> results,
                                      const std::filesystem::path& folder) {
  std::string lines;
  for (const CellResult& cell : results) lines += cell.result.dump() + "\n";
  write_file(folder / "results.jsonl", lines);
  const std::vector<BenchTable> tables = tables_of(runner, results);
  std::vector<TextTable> all = matrices(runner, tables);
  const size_t glances = all.size();
  Report page;
  page.title = "t2ue bench: " + runner.plan().title;
  page.summary =
      concat("Methods protect the same ", runner.data().train().count(), " training pictures (",
             runner.plan().data.size, " pixels); victims are trained on what was saved and measured on ",
             runner.data().test().count(), " clean test pictures.");
  if (glances > 0) {
    ReportSection section;
    section.title = "At a glance";
    section.tables = all;
    page.sections.push_back(std::move(section));
  }
  for (const BenchTable& table : tables) {
    ReportSection section;
    section.title = table.title;
    section.tables = {summary_table(runner.plan(), table), detail_table(table)};
    if (!table.results.rows().empty()) section.bars = {detail::bench_bars(table)};
    section.charts = detail::bench_curves(runner.plan(), table);
    all.insert(all.end(), section.tables.begin(), section.tables.end());
    page.sections.push_back(std::move(section));
  }
  ReportSection noises = detail::noise_section(runner, results);
  if (!noises.galleries.empty()) page.sections.push_back(std::move(noises));
  std::string seeds;
  for (const uint64_t seed : runner.plan().seeds) seeds += (seeds.empty() ? "" : ", ") + std::to_string(seed);
  page.facts = {{"Seeds", seeds},
                {"Training pictures", std::to_string(runner.data().train().count())},
                {"Validation / test pictures",
                 concat(runner.data().validation().count(), " / ", runner.data().test().count())},
                {"Data hash", runner.data().hash().substr(0, 12)},
                {"Split hash (test keys)", split_hash(runner.data().test().keys)},
                {"Version", concat(T2UE_VERSION_MAJOR, ".", T2UE_VERSION_MINOR, ".", T2UE_VERSION_PATCH)}};
  page.results_json = nlohmann::json{{"title", runner.plan().title}, {"file", "results.jsonl"}}.dump();
  std::string terminal, markdown, csv, latex;
  for (const TextTable& table : all) {
    markdown += to_markdown(table) + "\n";
    csv += table.title + "\n" + to_csv(table) + "\n";
    latex += to_latex(table) + "\n";
  }
  // A terminal shows the end first, a page its beginning.
  for (size_t i = 0; i < all.size(); ++i) terminal += to_text(all[(i + glances) % all.size()]) + "\n";
  write_file(folder / "results.md", markdown);
  write_file(folder / "results.csv", csv);
  write_file(folder / "results.tex", latex);
  write_report(folder / "report.html", page);
  return terminal;
}

}  // namespace t2ue
