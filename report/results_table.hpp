// Recipes and splits as hashes, and the results table that takes rows of one recipe only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/core/statistics.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

/// The first 12 hexadecimal digits of the SHA-256 of canonical_json(recipe), with the names that options had
/// first (renames.hpp). A recipe is everything that
/// decides how a row is trained and measured, except what the rows of a table are there to compare: method,
/// eps and seed. Throws Error unless it is a JSON object.
std::string recipe_hash(const nlohmann::json& recipe);

/// The same digits for a set of item keys: their order does not matter. Throws Error for a key that is there
/// twice.
std::string split_hash(std::vector<std::string> keys);

/// Which part a row plays: the clean reference, a control (noise that should not protect), or a method.
enum class RowKind { clean, control, method };

/// What was measured on the published files, after saving. All of it is absent for clean rows.
struct MeasuredNoise {
  double linf = 0;              ///< largest change of a value, in steps of 1/255
  double psnr = 0;              ///< dB
  int64_t distinct_deltas = 0;  ///< different perturbations among the files
};

/// One metric at the last epoch, at the epoch chosen on validation data, and at the epoch that is best on the
/// test data (an oracle, to be shown and not to be claimed).
struct Scores {
  double last = 0;
  double selected = 0;
  double best = 0;
  std::optional<Interval> interval;  ///< 95 %, of `selected`
};

struct ResultRow {
  std::string name;  ///< "clean", "random sign", "shuffled", "T2UE", ...
  RowKind kind = RowKind::method;
  std::string recipe;  ///< recipe_hash()
  std::string split;   ///< split_hash() of the test items
  double eps = 0;      ///< asked for, in steps of 1/255; 0 for clean
  uint64_t seed = 0;
  std::optional<MeasuredNoise> measured;
  std::vector<Scores> scores;  ///< one a metric of the table
  double protect_seconds = 0;  ///< making and adding the noise
  double train_seconds = 0;    ///< training and measuring the victim
};

/// A metric of a table; `chance` is its value for a model that guesses.
struct Metric {
  std::string name;  ///< "Hit@10 I2T", short, it heads a column
  double chance = 0;
  int decimals = 1;
  bool higher_is_better = true;
  bool headline = false;  ///< shown with its effects and at the three epochs, not only as selected
};

/// Rows that may be compared, because they have one recipe, one split and the same metrics.
class ResultsTable {
 public:
  /// Throws Error without a metric or when two have one name.
  ResultsTable(std::string title, std::vector<Metric> metrics);

  /// Throws Error, naming both values, when the row's recipe or split hash differs from the first row's, when
  /// it has not one finite score a metric, or when its (name, eps, seed) is already there; and for a row that
  /// is not clean and has no measured noise.
  void add(ResultRow row);

  /// The share, per cent, of what clean training learned that a row lost on a metric (indices from 0):
  /// 100 (clean - x) / (clean - chance), on the scores selected on validation data, against the clean row of
  /// the same seed. 0 is no effect, 100 is down to chance. Nothing for a clean row, without a clean row of
  /// that seed, and where that clean row is not better than chance.
  std::optional<double> effect(size_t row, size_t metric) const;
  /// The effect beyond the strongest control of the same eps and seed, in percentage points. Nothing unless
  /// the row is a method and both effects are there.
  std::optional<double> effect_over_control(size_t row, size_t metric) const;

  const std::vector<ResultRow>& rows() const { return rows_; }
  const std::vector<Metric>& metrics() const { return metrics_; }

  /// All of it, for machines: {"title", "recipe", "split", "metrics": [...], "rows": [...]}; an effect that
  /// is not there is null.
  nlohmann::json to_json() const;
  /// For people: every metric as selected on validation data, then the headline metrics' effects; the last
  /// line is chance, the hashes are notes.
  TextTable score_table() const;
  /// For people: what was measured on the files, the headline metrics at the last, selected and best epoch,
  /// times.
  TextTable detail_table() const;

 private:
  std::string title_;
  std::vector<Metric> metrics_;
  std::vector<ResultRow> rows_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/results_table.inl.hpp>
#endif
