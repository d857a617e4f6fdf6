// Measures the noise of a benchmark's rows, and what it costs to make.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/eval/bench/seed_groups.hpp>

namespace t2ue {

namespace detail {

/// Of one row: means over seeds.
struct Costs {
  double training = 0, per_picture = 0;  ///< seconds
  double pictures = 0;                   ///< of the data set that was protected
  bool per_data_set = false;             ///< it trains anew for every data set
  std::vector<double> linf, l2, psnr, ssim, separability, distinct;

  /// Seconds a picture of this data set, with what other pictures cannot have again.
  double whole_per_picture() const { return per_picture + (per_data_set ? training / pictures : 0); }
  double seconds_in_all() const { return training + per_picture * pictures; }
};

/// The number of pictures from which training once, for all pictures to come, costs less than `dearest`
/// seconds for each of them; none for what is not trained once or has nothing to be compared with, and
/// infinity if that costs less in any case.
inline std::optional<double> break_even(const Costs& cost, std::optional<double> dearest) {
  if (cost.training == 0 || cost.per_data_set || !dearest) return std::nullopt;
  if (*dearest <= cost.per_picture) return std::numeric_limits<double>::infinity();
  return std::ceil(cost.training / (*dearest - cost.per_picture));
}

inline std::string cost_name(const std::string& row, double eps) {
  return concat(row, "@", eps);
}

inline std::map<std::string, Costs> costs_of(const BenchTable& table) {
  std::map<std::string, std::vector<const CellResult*>> groups;
  for (const CellResult* cell : table.done)
    if (cell->result.contains("measured"))
      groups[cost_name(cell->result.at("row"), budget_of(*cell))].push_back(cell);
  std::map<std::string, Costs> costs;
  for (const auto& [name, cells] : groups) {
    Costs& c = costs[name];
    for (const CellResult* cell : cells) {
      const nlohmann::json& measured = cell->result.at("measured");
      const auto share = 1 / static_cast<double>(cells.size());
      const double pictures = measured.at("pictures");
      c.training += share * cell->result.at("one_off_seconds").get<double>();
      c.pictures += share * pictures;
      c.per_picture += share * cell->result.at("protect_seconds").get<double>() / pictures;
      c.per_data_set = measured.at("card").at("cost") == name_of(CostClass::surrogate);
      c.linf.push_back(measured.at("linf"));
      c.l2.push_back(measured.at("l2"));
      if (measured.at("psnr").is_number()) c.psnr.push_back(measured.at("psnr"));
      // Cells of earlier versions have neither, captions no separability.
      if (measured.contains("ssim")) c.ssim.push_back(measured.at("ssim"));
      if (measured.contains("separability")) c.separability.push_back(measured.at("separability"));
      if (measured.at("distinct_deltas") > 0) c.distinct.push_back(measured.at("distinct_deltas"));
    }
  }
  return costs;
}

/// Seconds a picture of the dearest method that trains for every data set; none if none does. What trains
/// nothing is no comparison: it costs a millisecond or so, as a trained generator's noise does.
inline std::optional<double> dearest_of(const std::map<std::string, Costs>& costs) {
  std::optional<double> dearest;
  for (const auto& [name, cost] : costs)
    if (cost.per_data_set) dearest = std::max(dearest.value_or(0), cost.whole_per_picture());
  return dearest;
}

inline std::vector<std::string> cost_columns() {
  return {"L-inf /255", "L2",         "PSNR dB",      "SSIM",     "separable %",
          "distinct",   "training s", "ms a picture", "s in all", "break-even pictures"};
}

/// The cells under cost_columns().
inline std::vector<std::string> cost_cells(const Costs& cost, std::optional<double> dearest) {
  const std::optional<double> pictures = break_even(cost, dearest);
  return {spread_text(cost.linf, 0),
          spread_text(cost.l2, 3),
          spread_text(cost.psnr, 1),
          spread_text(cost.ssim, 3),
          spread_text(cost.separability, 1),
          spread_text(cost.distinct, 0),
          format_number(cost.training, 1),
          format_number(1000 * cost.per_picture, 2),
          format_number(cost.seconds_in_all(), 1),
          !pictures               ? "-"
          : std::isinf(*pictures) ? "never"
                                  : format_number(*pictures, 0)};
}

}  // namespace detail

}  // namespace t2ue
