#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/report/report.hpp>
#include <t2ue/report/report_style.hpp>

namespace t2ue {

namespace detail {

inline std::string base64(std::span<const uint8_t> bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t word = uint32_t{bytes[i]} << 16 | (left > 1 ? uint32_t{bytes[i + 1]} << 8 : 0) |
                          (left > 2 ? uint32_t{bytes[i + 2]} : 0);
    text += digits[word >> 18];
    text += digits[word >> 12 & 63];
    text += left > 1 ? digits[word >> 6 & 63] : '=';
    text += left > 2 ? digits[word & 63] : '=';
  }
  return text;
}

inline std::string picture_html(std::span<const uint8_t> png, const std::string& alt) {
  constexpr uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  check(png.size() > sizeof signature && std::equal(std::begin(signature), std::end(signature), png.begin()),
        "report", alt, ": not a PNG file");
  return concat("<td><img alt=\"", escape_html(alt), "\" src=\"data:image/png;base64,", base64(png),
                "\"></td>");
}

/// The rows of results in the order of their first appearance in a chart: their colours.
inline std::vector<std::string> coloured_rows(const Report& report) {
  std::vector<std::string> rows;
  const auto add = [&](const std::string& row) {
    if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
  };
  for (const ReportSection& section : report.sections) {
    for (const BarChart& chart : section.bars)
      for (const Bar& bar : chart.bars) add(bar.row);
    for (const Chart& chart : section.charts)
      for (const Curve& curve : chart.curves) add(curve.row);
  }
  return rows;
}

inline std::string table_html(const TextTable& table, const std::vector<std::string>& rows) {
  std::string html;
  if (!table.title.empty()) html += concat("<h3>", escape_html(table.title), "</h3>\n");
  html += "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const TextTable::Column& column : table.columns)
    html += concat(column.numeric ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"text\">",
                   escape_html(column.name), "</th>");
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& cells : table.rows) {
    check(cells.size() == table.columns.size(), "report", table.title, ": a row has ", cells.size(),
          " cells, not ", table.columns.size());
    html += !cells.empty() && cells[0] == "chance" ? "<tr class=\"chance\">" : "<tr>";
    for (size_t c = 0; c < cells.size(); ++c) {
      html += table.columns[c].numeric ? "<td>" : "<td class=\"text\">";
      const auto row = std::find(rows.begin(), rows.end(), cells[c]);
      if (c == 0 && row != rows.end())
        html += concat("<span class=\"dot c", static_cast<size_t>(row - rows.begin()) % kChartColours,
                       "\"></span>");
      html += escape_html(cells[c]) + "</td>";
    }
    html += "</tr>\n";
  }
  html += "</tbody></table></div>\n";
  if (!table.notes.empty()) {
    html += "<p class=\"note\">";
    for (size_t n = 0; n < table.notes.size(); ++n)
      html += concat(n == 0 ? "" : "<br>\n", escape_html(table.notes[n]));
    html += "</p>\n";
  }
  return html;
}

inline std::string grid_html(const PictureGrid& grid) {
  const std::string noise = concat("noise x", grid.noise_gain, ", grey = 0");
  std::string clean_row, noise_row, protected_row, captions;
  for (const PictureExample& example : grid.examples) {
    clean_row += picture_html(example.clean, example.caption + ": clean");
    noise_row += picture_html(example.noise, example.caption + ": " + noise);
    protected_row += picture_html(example.protected_picture, example.caption + ": protected");
    captions += concat("<th scope=\"col\">", escape_html(example.caption), "</th>");
  }
  std::string html;
  if (!grid.title.empty()) html += concat("<h3>", escape_html(grid.title), "</h3>\n");
  return html + concat("<div class=\"scroll\"><table class=\"pictures\">\n<tr><th scope=\"row\">clean</th>",
                       clean_row, "</tr>\n<tr><th scope=\"row\">", escape_html(noise), "</th>", noise_row,
                       "</tr>\n<tr><th scope=\"row\">protected</th>", protected_row, "</tr>\n<tr><th></th>",
                       captions, "</tr>\n</table></div>\n");
}

inline std::string gallery_html(const PictureGallery& gallery) {
  std::string html =
      concat("<h3>", escape_html(gallery.title), "</h3>\n<div class=\"scroll\"><table class=\"pictures\">\n");
  for (const PictureRow& row : gallery.rows) {
    html += concat("<tr><th scope=\"row\">", escape_html(row.name), "</th>");
    for (const PictureRow::Picture& picture : row.pictures)
      html += picture_html(picture.png, row.name + ": " + picture.name);
    html += "</tr>\n";
  }
  html += "</table></div>\n";
  if (!gallery.note.empty()) html += concat("<p class=\"note\">", escape_html(gallery.note), "</p>\n");
  return html;
}

inline std::string section_html(const ReportSection& section, const std::vector<std::string>& rows) {
  std::string html = concat("<section>\n<h2>", escape_html(section.title), "</h2>\n");
  if (!section.text.empty()) html += concat("<p>", escape_html(section.text), "</p>\n");
  for (const TextTable& table : section.tables) html += table_html(table, rows);
  if (!section.bars.empty() || !section.charts.empty()) {
    html += "<div class=\"charts\">\n";
    for (const BarChart& chart : section.bars) html += bar_chart_html(chart, rows);
    for (const Chart& chart : section.charts) html += chart_html(chart, rows);
    html += "</div>\n";
  }
  for (const PictureGrid& grid : section.grids) html += grid_html(grid);
  for (const PictureGallery& gallery : section.galleries) html += gallery_html(gallery);
  return html + "</section>\n";
}

/// JSON that may stand in a script element: '<' occurs only in strings, where \u003c says the same.
inline std::string json_for_script(const std::string& json) {
  check(nlohmann::json::accept(json), "report", "the results are not JSON");
  std::string text;
  for (const char c : json) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

}  // namespace detail

T2UE_INLINE std::vector<uint8_t> amplified_noise(std::span<const int8_t> steps, int gain) {
  std::vector<uint8_t> values;
  values.reserve(steps.size());
  for (const int8_t step : steps)
    values.push_back(static_cast<uint8_t>(std::clamp(128 + gain * step, 0, 255)));
  return values;
}

T2UE_INLINE std::string report_html(const Report& report) {
  const std::vector<std::string> rows = detail::coloured_rows(report);
  const std::string title = escape_html(report.title);
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  // The browser itself is told to load nothing.
  html +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += concat("<title>", title, "</title>\n<style>", detail::kReportStyle,
                 "</style>\n</head>\n<body>\n<main>\n");
  html += concat("<h1>", title, "</h1>\n");
  if (!report.summary.empty()) html += concat("<p class=\"summary\">", escape_html(report.summary), "</p>\n");
  if (!report.key_figures.empty()) {
    html += "<dl class=\"figures\">\n";
    for (const KeyFigure& figure : report.key_figures)
      html += concat("<div><dt>", escape_html(figure.label), "</dt><dd class=\"value\">",
                     escape_html(figure.value), "</dd><dd class=\"note\">", escape_html(figure.note),
                     "</dd></div>\n");
    html += "</dl>\n";
  }
  for (const ReportSection& section : report.sections) html += detail::section_html(section, rows);
  if (!report.facts.empty()) {
    html += "<section>\n<h2>Record</h2>\n<dl class=\"facts\">\n";
    for (const Fact& fact : report.facts)
      html +=
          concat("<div><dt>", escape_html(fact.name), "</dt><dd>", escape_html(fact.value), "</dd></div>\n");
    html += "</dl>\n</section>\n";
  }
  html += concat("</main>\n<script type=\"application/json\" id=\"results\">",
                 detail::json_for_script(report.results_json), "</script>\n</body>\n</html>\n");
  return html;
}

T2UE_INLINE void write_report(const std::filesystem::path& path, const Report& report) {
  write_file(path, report_html(report));
}

}  // namespace t2ue
