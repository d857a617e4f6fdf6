#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/csv.hpp>
#include <t2ue/data/text/text_lines.hpp>

namespace t2ue {

T2UE_INLINE std::vector<std::string> CsvRows::take_row(std::string_view& text) const {
  std::vector<std::string> cells(1);
  size_t at = 0;
  bool cell_start = true;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '"' && cell_start) {
      for (;; ++at) {
        check(at < text.size(), where_, file_, "line ", line_, ": a quoted cell does not end");
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        cells.back() += text[at];
      }
      ++at;  // the closing quote
      const bool ended = at == text.size() || text[at] == separator_ || text[at] == '\n' || text[at] == '\r';
      check(ended, where_, file_, "line ", line_,
            ": there is text behind a cell's closing quote; double quotes inside cells");
      cell_start = false;
    } else if (c == separator_) {
      cells.emplace_back();
      cell_start = true;
    } else if (c == '\n' || c == '\r') {
      if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
      break;
    } else {
      cells.back() += c;
      cell_start = false;
    }
  }
  text.remove_prefix(at);
  return cells;
}

T2UE_INLINE std::optional<std::vector<std::string>> CsvRows::next() {
  if (text_.empty()) return std::nullopt;
  line_ = next_line_;
  std::string_view before = text_;
  try {
    std::vector<std::string> cells = take_row(text_);
    before.remove_suffix(text_.size());
    for (; !before.empty(); ++next_line_) take_line(before);
    return cells;
  } catch (const Error&) {
    take_line(text_);
    ++next_line_;
    throw;
  }
}

}  // namespace t2ue
