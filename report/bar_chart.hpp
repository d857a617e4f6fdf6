// Bars with confidence intervals as inline SVG: one horizontal bar a row of a results table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/statistics.hpp>

namespace t2ue {

struct Bar {
  std::string row;      ///< decides the colour, as in Curve
  std::string variant;  ///< "eps 16"; may be empty
  double value = 0;
  std::optional<Interval> interval;  ///< a whisker
};

struct BarChart {
  std::string title;
  std::string axis_label;  ///< with its unit
  std::vector<Bar> bars;
  std::optional<double> chance;  ///< a dotted line at the level of guessing
  std::string note;              ///< what the whiskers are
};

/// The chart as one `<figure>`; `rows` gives the colours as in chart_html(). Throws Error when there is no
/// bar, a value is not finite or negative, or a row is not in `rows`.
std::string bar_chart_html(const BarChart& chart, const std::vector<std::string>& rows);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/bar_chart.inl.hpp>
#endif
