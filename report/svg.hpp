// The few SVG elements that charts are drawn of.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/report/chart.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue::detail {

/// "EM, eps 8", or "EM".
inline std::string row_label(const std::string& row, const std::string& variant) {
  return variant.empty() ? row : row + ", " + variant;
}

/// The number of a row's colour: its place in `rows`. Throws Error if it has none.
inline size_t colour_of(const std::string& row, const std::vector<std::string>& rows,
                        const std::string& chart) {
  const auto found = std::find(rows.begin(), rows.end(), row);
  check(found != rows.end(), "chart", chart, ": the row ", row, " has no colour");
  return static_cast<size_t>(found - rows.begin()) % kChartColours;
}

/// Enough decimals to tell ticks `step` apart.
inline int decimals_for(double step) {
  return std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
}

inline std::string svg_line(const char* css, double x1, double y1, double x2, double y2) {
  return concat("<line class=\"", css, "\" x1=\"", format_number(x1, 1), "\" y1=\"", format_number(y1, 1),
                "\" x2=\"", format_number(x2, 1), "\" y2=\"", format_number(y2, 1), "\"/>");
}

inline std::string svg_text(double x, double y, const char* anchor, std::string_view text) {
  return concat("<text x=\"", format_number(x, 1), "\" y=\"", format_number(y, 1), "\" text-anchor=\"",
                anchor, "\">", escape_html(text), "</text>");
}

}  // namespace t2ue::detail
