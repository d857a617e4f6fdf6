#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/report/bar_chart.hpp>
#include <t2ue/report/chart.hpp>
#include <t2ue/report/svg.hpp>

namespace t2ue {

namespace detail {

/// Where bars lie: names to the left of x 0 of the axis, one line of `pitch` units a bar.
struct BarFrame {
  static constexpr double left = 168, right = 430, top = 8, pitch = 22, thickness = 12;
  double high;  ///< value at `right`
  size_t count;
  double x(double value) const { return left + value / high * (right - left); }
  double y(size_t bar) const { return top + pitch * (static_cast<double>(bar) + 0.5); }
  double bottom() const { return top + pitch * static_cast<double>(count); }
};

/// A name that fits beside its bar; the whole one is in the bar's tooltip.
inline std::string shortened(const std::string& name, size_t letters) {
  size_t end = 0, seen = 0;
  while (end < name.size() && seen < letters) {
    ++end;
    while (end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) ++end;
    ++seen;
  }
  return end == name.size() ? name : name.substr(0, end) + "\u2026";
}

inline std::string bar_svg(const Bar& bar, size_t colour, double y, const BarFrame& frame, int decimals) {
  const std::string name = row_label(bar.row, bar.variant);
  const double end = frame.x(bar.value), half = BarFrame::thickness / 2;
  std::string svg = concat("<g class=\"bar c", colour, "\"><title>", escape_html(name), "</title>");
  svg += svg_text(BarFrame::left - 8, y + 4, "end", shortened(name, 26));
  svg += concat("<rect x=\"", format_number(BarFrame::left, 1), "\" y=\"", format_number(y - half, 1),
                "\" width=\"", format_number(std::max(end - BarFrame::left, 0.5), 1), "\" height=\"",
                format_number(BarFrame::thickness, 1), "\"/>");
  double after = end;
  if (bar.interval) {
    const double low = frame.x(std::max(bar.interval->low, 0.0)), high = frame.x(bar.interval->high);
    svg += svg_line("whisker", low, y, high, y);
    for (const double x : {low, high}) svg += svg_line("whisker", x, y - 3.5, x, y + 3.5);
    after = std::max(after, high);
  }
  return svg + svg_text(after + 6, y + 4, "start", format_number(bar.value, decimals)) + "</g>\n";
}

}  // namespace detail

T2UE_INLINE std::string bar_chart_html(const BarChart& chart, const std::vector<std::string>& rows) {
  check(!chart.bars.empty(), "chart", chart.title, ": there is no bar");
  double high = chart.chance.value_or(0.0);
  for (const Bar& bar : chart.bars) {
    check(std::isfinite(bar.value) && bar.value >= 0, "chart", chart.title, ": the bar of ", bar.row, " is ",
          bar.value);
    high = std::max({high, bar.value, bar.interval ? bar.interval->high : 0.0});
  }
  const std::vector<double> ticks = axis_ticks(0, high);
  const detail::BarFrame frame{ticks.back(), chart.bars.size()};
  const int decimals = detail::decimals_for(ticks.back() / 100);
  std::string html = concat("<figure class=\"chart\">\n<figcaption>", escape_html(chart.title),
                            "</figcaption>\n<svg viewBox=\"0 0 480 ", format_number(frame.bottom() + 40, 0),
                            "\" role=\"img\" aria-label=\"", escape_html(chart.title), "\">\n");
  for (const double tick : ticks) {
    html += detail::svg_line(tick == 0 ? "axis" : "grid", frame.x(tick), detail::BarFrame::top, frame.x(tick),
                             frame.bottom());
    html += detail::svg_text(frame.x(tick), frame.bottom() + 15, "middle",
                             format_number(tick, detail::decimals_for(ticks[1] - ticks[0])));
  }
  html += detail::svg_text(detail::BarFrame::right, frame.bottom() + 33, "end", chart.axis_label);
  for (size_t b = 0; b < chart.bars.size(); ++b) {
    const size_t colour = detail::colour_of(chart.bars[b].row, rows, chart.title);
    html += detail::bar_svg(chart.bars[b], colour, frame.y(b), frame, decimals);
  }
  if (chart.chance) {
    html += detail::svg_line("chance", frame.x(*chart.chance), detail::BarFrame::top, frame.x(*chart.chance),
                             frame.bottom());
    html += detail::svg_text(frame.x(*chart.chance), frame.bottom() + 33, "middle", "chance");
  }
  html += "</svg>\n";
  if (!chart.note.empty()) html += concat("<p class=\"note\">", escape_html(chart.note), "</p>\n");
  return html + "</figure>\n";
}

}  // namespace t2ue
