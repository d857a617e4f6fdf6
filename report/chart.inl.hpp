#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <t2ue/core/error.hpp>
#include <t2ue/report/chart.hpp>
#include <t2ue/report/svg.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

namespace detail {

/// Data coordinates to those of the picture, in its 480 x 270 units.
struct ChartFrame {
  static constexpr double left = 46, right = 468, top = 26, bottom = 228;
  double x_low, x_high, y_low, y_high;

  double x(double value) const { return left + (value - x_low) / (x_high - x_low) * (right - left); }
  double y(double value) const { return bottom - (value - y_low) / (y_high - y_low) * (bottom - top); }
  std::string point(double px, double py) const {
    return format_number(x(px), 1) + "," + format_number(y(py), 1);
  }
};

inline bool finite_point(const Curve& curve, size_t i) {
  return std::isfinite(curve.x[i]) && std::isfinite(curve.y[i]);
}

/// The curve as a path that lifts the pen at gaps, with a dot at its last finite point.
inline std::string curve_svg(const Curve& curve, size_t colour, const ChartFrame& frame) {
  std::string path;
  std::string dot;
  bool drawing = false;
  for (size_t i = 0; i < curve.x.size(); ++i) {
    if (!finite_point(curve, i)) {
      drawing = false;
      continue;
    }
    path += drawing ? "L" : "M";
    path += frame.point(curve.x[i], curve.y[i]);
    drawing = true;
    dot = concat("<circle cx=\"", format_number(frame.x(curve.x[i]), 1), "\" cy=\"",
                 format_number(frame.y(curve.y[i]), 1), "\" r=\"2.6\"/>");
  }
  return concat("<g class=\"curve c", colour, curve.dashed ? " dashed" : "", "\"><title>",
                escape_html(row_label(curve.row, curve.variant)), "</title><path d=\"", path, "\"/>", dot,
                "</g>\n");
}

inline std::string axes_svg(const Chart& chart, const ChartFrame& frame, const std::vector<double>& x_ticks,
                            const std::vector<double>& y_ticks) {
  std::string svg;
  const int y_decimals = decimals_for(y_ticks[1] - y_ticks[0]);
  for (const double tick : y_ticks) {
    svg += svg_line(tick == y_ticks.front() ? "axis" : "grid", frame.left, frame.y(tick), frame.right,
                    frame.y(tick));
    svg += svg_text(frame.left - 7, frame.y(tick) + 4, "end", format_number(tick, y_decimals));
  }
  const int x_decimals = decimals_for(x_ticks[1] - x_ticks[0]);
  for (const double tick : x_ticks) {
    if (tick < frame.x_low || tick > frame.x_high) continue;
    svg += svg_line("axis", frame.x(tick), frame.bottom, frame.x(tick), frame.bottom + 4);
    svg += svg_text(frame.x(tick), frame.bottom + 17, "middle", format_number(tick, x_decimals));
  }
  svg += svg_text(0, 12, "start", chart.y_label);
  svg += svg_text(frame.right, frame.bottom + 34, "end", chart.x_label);
  if (chart.chance) {
    svg += svg_line("chance", frame.left, frame.y(*chart.chance), frame.right, frame.y(*chart.chance));
    const double level = frame.y(*chart.chance);
    svg += svg_text(frame.right, level < frame.bottom - 18 ? level + 14 : level - 5, "end", "chance");
  }
  return svg + "\n";
}

/// The legend: a stroke, the curve's name, and its last value.
inline std::string legend_html(const Chart& chart, const std::vector<size_t>& colours, int decimals) {
  std::string html = "<ul class=\"legend\">\n";
  for (size_t c = 0; c < chart.curves.size(); ++c) {
    const Curve& curve = chart.curves[c];
    const double last = curve.y.empty() ? std::numeric_limits<double>::quiet_NaN() : curve.y.back();
    html += concat("<li><i class=\"key c", colours[c], curve.dashed ? " dashed" : "", "\"></i>",
                   escape_html(row_label(curve.row, curve.variant)), " <b>", format_number(last, decimals),
                   "</b></li>\n");
  }
  return html + "</ul>\n";
}

}  // namespace detail

T2UE_INLINE std::string escape_html(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '&')
      html += "&amp;";
    else if (c == '<')
      html += "&lt;";
    else if (c == '>')
      html += "&gt;";
    else if (c == '"')
      html += "&quot;";
    else if (c == '\'')
      html += "&#39;";
    else
      html += c;
  }
  return html;
}

T2UE_INLINE std::vector<double> axis_ticks(double low, double high, int wanted) {
  check(std::isfinite(low) && std::isfinite(high) && low <= high && wanted >= 1, "chart", "no ticks from ",
        low, " to ", high);
  // A constant still needs an axis; one too fine for doubles would never end.
  const double least = std::max({std::abs(low), std::abs(high), 1e-3}) * 1e-3;
  const double raw = std::max(high - low, least) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double lead = raw / power;
  const double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  const double first = std::floor(low / step + 1e-9);
  const auto count = static_cast<int>(std::max(std::ceil(high / step - 1e-9) - first, 1.0));
  std::vector<double> ticks;
  for (int i = 0; i <= count; ++i) ticks.push_back((first + i) * step);
  return ticks;
}

T2UE_INLINE std::string chart_html(const Chart& chart, const std::vector<std::string>& rows) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double x_low = infinity, x_high = -infinity, y_low = infinity, y_high = -infinity;
  std::vector<size_t> colours;
  for (const Curve& curve : chart.curves) {
    check(curve.x.size() == curve.y.size(), "chart", chart.title, ": ", curve.row, " has ", curve.x.size(),
          " x values and ", curve.y.size(), " y values");
    colours.push_back(detail::colour_of(curve.row, rows, chart.title));
    for (size_t i = 0; i < curve.x.size(); ++i) {
      if (!detail::finite_point(curve, i)) continue;
      x_low = std::min(x_low, curve.x[i]);
      x_high = std::max(x_high, curve.x[i]);
      y_low = std::min(y_low, curve.y[i]);
      y_high = std::max(y_high, curve.y[i]);
    }
  }
  check(x_low <= x_high, "chart", chart.title, ": there is nothing to draw");
  if (chart.chance) {
    y_low = std::min(y_low, *chart.chance);
    y_high = std::max(y_high, *chart.chance);
  }
  // Zero belongs on the axis unless that would press the curves into its upper half.
  if (y_low > 0 && y_low < y_high / 2) y_low = 0;
  const std::vector<double> y_ticks = axis_ticks(y_low, y_high);
  // Epochs and steps are whole: no ticks between them.
  const double x_range = x_high - x_low;
  const std::vector<double> x_ticks =
      axis_ticks(x_low, x_high, x_range >= 1 ? static_cast<int>(std::min(x_range, 6.0)) : 6);
  if (x_low == x_high) x_high = x_ticks[1];
  const detail::ChartFrame frame{x_low, x_high, y_ticks.front(), y_ticks.back()};
  std::string html =
      concat("<figure class=\"chart\">\n<figcaption>", escape_html(chart.title), "</figcaption>\n");
  html +=
      concat("<svg viewBox=\"0 0 480 270\" role=\"img\" aria-label=\"", escape_html(chart.title), "\">\n");
  html += detail::axes_svg(chart, frame, x_ticks, y_ticks);
  for (size_t c = 0; c < chart.curves.size(); ++c)
    html += detail::curve_svg(chart.curves[c], colours[c], frame);
  html += "</svg>\n";
  // Three digits of the last values, as the axis' top has them.
  const double top = std::max(std::abs(y_ticks.front()), std::abs(y_ticks.back()));
  html += detail::legend_html(chart, colours, detail::decimals_for(top / 100));
  return html + "</figure>\n";
}

}  // namespace t2ue
