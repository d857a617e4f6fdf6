#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>

#include <t2ue/core/error.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

namespace detail {

inline size_t code_points(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The words of a text in lines of at most `width` code points; a longer word has a line of its own.
inline std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.empty() && code_points(lines.back()) + 1 + code_points(word) <= width)
      lines.back() += ' ' + word;
    else
      lines.push_back(word);
  }
  return lines;
}

}  // namespace detail

T2UE_INLINE std::string to_text(const TextTable& table) {
  std::vector<size_t> width;
  for (const auto& column : table.columns) {
    width.push_back(1);
    for (const std::string& word : detail::wrapped(column.name, 1))
      width.back() = std::max(width.back(), detail::code_points(word));
  }
  for (const auto& row : table.rows) {
    check(row.size() == width.size(), "table", table.title, ": a row has ", row.size(), " cells, not ",
          width.size());
    for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], detail::code_points(row[c]));
  }
  std::vector<std::vector<std::string>> names;
  size_t height = 0;
  for (size_t c = 0; c < width.size(); ++c) {
    names.push_back(detail::wrapped(table.columns[c].name, width[c]));
    height = std::max(height, names.back().size());
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t c = 0; c < cells.size(); ++c) {
      // fmt pads by columns of a terminal, in which some characters are two wide: not what was published.
      const std::string padding(width[c] - detail::code_points(cells[c]), ' ');
      line += c == 0 ? "" : "  ";
      line += table.columns[c].numeric ? padding + cells[c] : cells[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  if (!table.title.empty()) text += table.title + '\n';
  for (size_t line = 0; line < height; ++line) {  // names stand on the rule
    std::vector<std::string> cells;
    for (const auto& name : names)
      cells.push_back(line + name.size() >= height ? name[line + name.size() - height] : "");
    add_line(cells);
  }
  std::vector<std::string> rule;
  for (const size_t w : width) rule.emplace_back(w, '-');
  add_line(rule);
  for (const auto& row : table.rows) add_line(row);
  for (const auto& note : table.notes) text += note + '\n';
  return text;
}

T2UE_INLINE std::string format_number(double value, int decimals) {
  if (std::isnan(value)) return "-";
  std::string text = fmt::format("{:.{}f}", value, decimals);
  // "-0.0" reads as an effect where there is none.
  if (text.starts_with('-') && text.find_first_of("123456789i") == std::string::npos) text.erase(0, 1);
  return text;
}

T2UE_INLINE std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "-";
  if (seconds < 59.95) return format_number(seconds, 1) + " s";
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace t2ue
