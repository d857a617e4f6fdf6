// Rows of a CSV text (RFC 4180).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Reads rows one after another. A cell may be quoted, then it may hold separators, line breaks and doubled
/// quotes; a quote inside an unquoted cell is a quote. Lines end with LF, CRLF or CR, each line as it likes.
class CsvRows {
 public:
  /// Errors begin "[WHERE] FILEline N: ", lines counted from `first_line`. `text` must outlive the rows.
  CsvRows(std::string_view text, char separator, std::string where, std::string file = "",
          size_t first_line = 1)
      : text_(text),
        separator_(separator),
        where_(std::move(where)),
        file_(std::move(file)),
        next_line_(first_line) {}

  /// The cells of the next row; nothing at the end. Throws Error for a quoted cell that does not end, or has
  /// text behind it; the next call then goes on behind the line on which that row began.
  std::optional<std::vector<std::string>> next();
  /// The line, from 1, on which the row began that next() returned last, or threw for.
  size_t line() const { return line_; }

 private:
  /// Takes a row from the front of `text`, which is left as it is if it throws.
  std::vector<std::string> take_row(std::string_view& text) const;

  std::string_view text_;
  char separator_;
  std::string where_, file_;
  size_t line_ = 0, next_line_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/csv.inl.hpp>
#endif
