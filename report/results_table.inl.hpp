#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <t2ue/core/error.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/report/results_table.hpp>

namespace t2ue {

namespace detail {

inline std::string short_hash(const std::string& text) {
  return sha256_hex(text).substr(0, 12);
}

inline nlohmann::json optional_to_json(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

inline std::string optional_to_text(const std::optional<double>& value) {
  return format_number(value.value_or(std::numeric_limits<double>::quiet_NaN()), 0);
}

inline nlohmann::json interval_to_json(const std::optional<Interval>& interval) {
  return interval ? nlohmann::json{interval->low, interval->high} : nlohmann::json();
}

/// "11.0", or "11.0 [9.6, 12.5]" where there is an interval.
inline std::string selected_to_text(const Scores& scores, int decimals) {
  std::string text = format_number(scores.selected, decimals);
  if (!scores.interval) return text;
  return concat(text, " [", format_number(scores.interval->low, decimals), ", ",
                format_number(scores.interval->high, decimals), "]");
}

inline const char* kind_name(RowKind kind) {
  if (kind == RowKind::clean) return "clean";
  return kind == RowKind::control ? "control" : "method";
}

/// The cells that say which row this is, as columns and for one row.
inline std::vector<TextTable::Column> identity_columns() {
  return {{"row", false}, {"eps"}, {"seed"}};
}
inline std::vector<std::string> identity_cells(const ResultRow& row) {
  const int decimals = row.eps == std::floor(row.eps) ? 0 : 2;
  return {row.name, row.kind == RowKind::clean ? "-" : format_number(row.eps, decimals),
          std::to_string(row.seed)};
}

}  // namespace detail

T2UE_INLINE std::string recipe_hash(const nlohmann::json& recipe) {
  check(recipe.is_object(), "recipe", "a recipe is a JSON object, not a ", recipe.type_name());
  return detail::short_hash(canonical_json(with_first_names(recipe)));
}

T2UE_INLINE std::string split_hash(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) fail("split", "the key \"", *twice, "\" is there twice");
  return detail::short_hash(canonical_json(keys));
}

T2UE_INLINE ResultsTable::ResultsTable(std::string title, std::vector<Metric> metrics)
    : title_(std::move(title)), metrics_(std::move(metrics)) {
  check(!metrics_.empty(), "results", title_, ": a table needs a metric");
  for (size_t i = 0; i < metrics_.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      check(metrics_[i].name != metrics_[j].name, "results", title_, ": two metrics are named ",
            metrics_[i].name);
}

T2UE_INLINE void ResultsTable::add(ResultRow row) {
  if (!rows_.empty()) {
    const ResultRow& first = rows_.front();
    check(row.recipe == first.recipe, "results", "the row \"", row.name, "\" has recipe ", row.recipe,
          ", the table has ", first.recipe, "; rows of different recipes cannot be compared: use two tables");
    check(row.split == first.split, "results", "the row \"", row.name, "\" was measured on split ", row.split,
          ", the table on ", first.split, "; use two tables");
  }
  check(row.scores.size() == metrics_.size(), "results", "the row \"", row.name, "\" has ", row.scores.size(),
        " scores for ", metrics_.size(), " metrics");
  for (size_t m = 0; m < metrics_.size(); ++m)
    check(std::isfinite(row.scores[m].last) && std::isfinite(row.scores[m].selected) &&
              std::isfinite(row.scores[m].best),
          "results", "the row \"", row.name, "\" has a score of ", metrics_[m].name, " that is not finite");
  check(row.kind == RowKind::clean || row.measured, "results", "the row \"", row.name,
        "\" has no measured noise; audit the saved files first");
  for (const ResultRow& other : rows_)
    check(row.name != other.name || row.eps != other.eps || row.seed != other.seed, "results", "the row \"",
          row.name, "\", eps ", row.eps, ", seed ", row.seed, " is there twice");
  rows_.push_back(std::move(row));
}

T2UE_INLINE std::optional<double> ResultsTable::effect(size_t row, size_t metric) const {
  check(row < rows_.size() && metric < metrics_.size(), "results", "no row ", row, " with metric ", metric);
  const ResultRow& it = rows_[row];
  if (it.kind == RowKind::clean) return std::nullopt;
  const auto reference = std::find_if(rows_.begin(), rows_.end(), [&](const ResultRow& other) {
    return other.kind == RowKind::clean && other.seed == it.seed;
  });
  if (reference == rows_.end()) return std::nullopt;
  const double clean = reference->scores[metric].selected;
  const double learned = clean - metrics_[metric].chance;
  if (!(metrics_[metric].higher_is_better ? learned > 0 : learned < 0)) return std::nullopt;
  return 100 * (clean - it.scores[metric].selected) / learned;
}

T2UE_INLINE std::optional<double> ResultsTable::effect_over_control(size_t row, size_t metric) const {
  const std::optional<double> own = effect(row, metric);
  if (!own || rows_[row].kind != RowKind::method) return std::nullopt;
  std::optional<double> strongest;
  for (size_t other = 0; other < rows_.size(); ++other) {
    if (rows_[other].kind != RowKind::control || rows_[other].eps != rows_[row].eps ||
        rows_[other].seed != rows_[row].seed)
      continue;
    const double control = effect(other, metric).value();  // same seed as `own`, so it is there too
    strongest = std::max(strongest.value_or(control), control);
  }
  if (!strongest) return std::nullopt;
  return *own - *strongest;
}

T2UE_INLINE nlohmann::json ResultsTable::to_json() const {
  nlohmann::json metrics = nlohmann::json::array();
  for (const Metric& metric : metrics_)
    metrics.push_back({{"name", metric.name},
                       {"chance", metric.chance},
                       {"higher_is_better", metric.higher_is_better},
                       {"headline", metric.headline}});
  nlohmann::json rows = nlohmann::json::array();
  for (size_t r = 0; r < rows_.size(); ++r) {
    const ResultRow& row = rows_[r];
    nlohmann::json scores;
    for (size_t m = 0; m < metrics_.size(); ++m)
      scores[metrics_[m].name] = {
          {"last", row.scores[m].last},
          {"selected", row.scores[m].selected},
          {"best", row.scores[m].best},
          {"interval", detail::interval_to_json(row.scores[m].interval)},
          {"effect", detail::optional_to_json(effect(r, m))},
          {"effect_over_control", detail::optional_to_json(effect_over_control(r, m))}};
    nlohmann::json measured;
    if (row.measured)
      measured = {{"linf", row.measured->linf},
                  // Files that did not change at all have an infinite PSNR, which JSON cannot hold.
                  {"psnr", std::isfinite(row.measured->psnr) ? nlohmann::json(row.measured->psnr) : nullptr},
                  {"distinct_deltas", row.measured->distinct_deltas}};
    rows.push_back({{"name", row.name},
                    {"kind", detail::kind_name(row.kind)},
                    {"eps", row.eps},
                    {"seed", row.seed},
                    {"measured", measured},
                    {"scores", scores},
                    {"protect_seconds", row.protect_seconds},
                    {"train_seconds", row.train_seconds}});
  }
  return {{"title", title_},
          {"recipe", rows_.empty() ? "" : rows_.front().recipe},
          {"split", rows_.empty() ? "" : rows_.front().split},
          {"metrics", metrics},
          {"rows", rows}};
}

T2UE_INLINE TextTable ResultsTable::score_table() const {
  TextTable table{title_, detail::identity_columns(), {}, {}};
  std::vector<std::string> chance = {"chance", "-", "-"};
  for (const Metric& metric : metrics_) {
    table.columns.push_back({metric.name});
    chance.push_back(format_number(metric.chance, metric.decimals));
  }
  for (const Metric& metric : metrics_) {
    if (!metric.headline) continue;
    table.columns.push_back({metric.name + " effect"});
    table.columns.push_back({"over control"});
    chance.insert(chance.end(), {"100", "-"});
  }
  for (size_t r = 0; r < rows_.size(); ++r) {
    std::vector<std::string> cells = detail::identity_cells(rows_[r]);
    for (size_t m = 0; m < metrics_.size(); ++m)
      cells.push_back(format_number(rows_[r].scores[m].selected, metrics_[m].decimals));
    for (size_t m = 0; m < metrics_.size(); ++m) {
      if (!metrics_[m].headline) continue;
      cells.push_back(detail::optional_to_text(effect(r, m)));
      cells.push_back(detail::optional_to_text(effect_over_control(r, m)));
    }
    table.rows.push_back(std::move(cells));
  }
  table.rows.push_back(std::move(chance));
  table.notes = {"Scores at the epoch selected on validation data.",
                 "Effect: the share of what clean training learned above chance that the row lost, per cent.",
                 "Over control: that less the strongest control's effect at the same eps and seed, points."};
  if (!rows_.empty()) table.notes.push_back("recipe " + rows_[0].recipe + ", test split " + rows_[0].split);
  return table;
}

T2UE_INLINE TextTable ResultsTable::detail_table() const {
  TextTable table{title_ + ": measured noise, epochs, times", detail::identity_columns(), {}, {}};
  for (const char* name : {"L-inf /255", "PSNR dB", "distinct"}) table.columns.push_back({name});
  for (const Metric& metric : metrics_)
    if (metric.headline)
      for (const char* epoch : {"last", "selected", "best"})
        table.columns.push_back({metric.name + " " + epoch});
  table.columns.insert(table.columns.end(), {{"protect"}, {"train"}});
  for (const ResultRow& row : rows_) {
    std::vector<std::string> cells = detail::identity_cells(row);
    if (row.measured)
      cells.insert(cells.end(), {format_number(row.measured->linf, 0), format_number(row.measured->psnr, 1),
                                 std::to_string(row.measured->distinct_deltas)});
    else
      cells.insert(cells.end(), {"-", "-", "-"});
    for (size_t m = 0; m < metrics_.size(); ++m) {
      if (!metrics_[m].headline) continue;
      cells.push_back(format_number(row.scores[m].last, metrics_[m].decimals));
      cells.push_back(detail::selected_to_text(row.scores[m], metrics_[m].decimals));
      cells.push_back(format_number(row.scores[m].best, metrics_[m].decimals));
    }
    cells.push_back(row.kind == RowKind::clean ? "-" : format_duration(row.protect_seconds));
    cells.push_back(format_duration(row.train_seconds));
    table.rows.push_back(std::move(cells));
  }
  table.notes = {
      "Selected: at the epoch chosen on validation data, with its 95 % bootstrap interval over test items.",
      "Best: the best epoch on the test data, an oracle and not a claim."};
  return table;
}

}  // namespace t2ue
