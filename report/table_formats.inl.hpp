#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/report/table_formats.hpp>

namespace t2ue {

namespace detail {

/// Every row's cells through `cell`, joined by `between`, with `after` at the end of a line.
template <class Cell>
std::string join_cells(const std::vector<std::string>& cells, const std::string& before,
                       const std::string& between, const std::string& after, const Cell& cell) {
  std::string line = before;
  for (size_t i = 0; i < cells.size(); ++i) line += (i == 0 ? "" : between) + cell(cells[i]);
  return line + after + "\n";
}

inline std::vector<std::string> header_of(const TextTable& table) {
  std::vector<std::string> names;
  for (const TextTable::Column& column : table.columns) names.push_back(column.name);
  for (const auto& row : table.rows)
    check(row.size() == names.size(), "table", table.title, ": a row has ", row.size(), " cells for ",
          names.size(), " columns");
  return names;
}

inline std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

inline std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

inline std::string latex_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        out += '\\';
        out += c;
        break;
      case '\\':
        out += "\\textbackslash{}";
        break;
      case '~':
        out += "\\textasciitilde{}";
        break;
      case '^':
        out += "\\textasciicircum{}";
        break;
      case '\n':
      case '\r':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace detail

T2UE_INLINE std::string to_markdown(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    return detail::join_cells(cells, "| ", " | ", " |", detail::markdown_cell);
  };
  std::string out = table.title.empty() ? "" : "### " + table.title + "\n\n";
  out += line(detail::header_of(table));
  std::vector<std::string> rule;
  for (const TextTable::Column& column : table.columns) rule.push_back(column.numeric ? "---:" : "---");
  out += line(rule);
  for (const auto& row : table.rows) out += line(row);
  for (const std::string& note : table.notes) out += "\n" + note + "\n";
  return out;
}

T2UE_INLINE std::string to_csv(const TextTable& table) {
  std::string out = detail::join_cells(detail::header_of(table), "", ",", "", detail::csv_cell);
  for (const auto& row : table.rows) out += detail::join_cells(row, "", ",", "", detail::csv_cell);
  return out;
}

T2UE_INLINE std::string to_latex(const TextTable& table) {
  const auto line = [](const std::vector<std::string>& cells) {
    return detail::join_cells(cells, "", " & ", " \\\\", detail::latex_text);
  };
  std::string out = "\\begin{table}\n\\caption{" + detail::latex_text(table.title) + "}\n\\begin{tabular}{";
  const std::string header = line(detail::header_of(table));
  for (const TextTable::Column& column : table.columns) out += column.numeric ? 'r' : 'l';
  out += "}\n\\toprule\n" + header + "\\midrule\n";
  for (const auto& row : table.rows) out += line(row);
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : table.notes) out += "\\par\\footnotesize " + detail::latex_text(note) + "\n";
  return out + "\\end{table}\n";
}

}  // namespace t2ue
