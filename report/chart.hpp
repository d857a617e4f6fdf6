// Line charts as inline SVG, drawn here: no script, no font, nothing to load.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// One line of a chart. Points that are not finite leave a gap, so that a diverged training is seen as one.
struct Curve {
  std::string row;      ///< the row of the results table that it belongs to; one colour a row, in every chart
  std::string variant;  ///< what tells it from other curves of its row, e.g. "eps 16"; may be empty
  bool dashed = false;
  std::vector<double> x;
  std::vector<double> y;
};

struct Chart {
  std::string title;
  std::string x_label;  ///< with its unit
  std::string y_label;
  std::vector<Curve> curves;
  std::optional<double> chance;  ///< a dotted line at the level of guessing
};

/// Round numbers covering [low, high], evenly spaced by 1, 2 or 5 times a power of ten: between 2 and about
/// `wanted` + 2 of them. The first is at or below `low`, the last at or above `high`.
std::vector<double> axis_ticks(double low, double high, int wanted = 5);

/// The chart as one `<figure>` with title, legend (with each curve's last value) and `<svg>`. `rows` gives
/// the colours: the curve's row's place in it, modulo kChartColours, selects the CSS variable --c0, --c1, ...
/// Throws Error when a curve's x and y differ in length, its row is not in `rows`, or no point of the chart
/// is finite.
std::string chart_html(const Chart& chart, const std::vector<std::string>& rows);

/// How many colours the report's style sheet has.
inline constexpr size_t kChartColours = 12;

/// Text as HTML shows it: & < > " ' become entities.
std::string escape_html(std::string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/chart.inl.hpp>
#endif
