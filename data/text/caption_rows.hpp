// One row of a list of captions, in CSV or JSON: what lists in memory and streams of captions share.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/pair.hpp>

namespace t2ue {

/// The separator of a CSV text: a tab if its first line has one, otherwise a comma.
char csv_separator(std::string_view text);

/// Where rows of CSV end, for text that comes line by line: a line break within quotes does not end a row.
class CsvRowEnd {
 public:
  explicit CsvRowEnd(char separator) : separator_(separator) {}
  /// Goes on behind what was fed before. `line` ends in its line break, or is the last.
  void feed(std::string_view line);
  /// Whether the row goes on: the text so far ends within quotes.
  bool open() const { return state_ == State::quoted; }

 private:
  enum class State { start, plain, quoted, quote };  // quote: one was read within quotes
  char separator_;
  State state_ = State::start;
};

/// Which cell of a row means what, by the header (see parse_pairs_csv()).
class CsvColumns {
 public:
  /// Throws Error naming line 1 for two columns that mean the same, and for lack of a key or of what it is
  /// for.
  explicit CsvColumns(const std::vector<std::string>& header);
  /// The pair of one row; nothing for a blank line. Throws Error naming `line` for another number of cells.
  std::optional<Pair> pair(std::vector<std::string> cells, size_t line) const;

 private:
  enum Column { key, picture, caption, label, columns };
  static constexpr size_t absent = ~size_t{0};
  size_t cells_;
  std::array<size_t, columns> place_ = {absent, absent, absent, absent};
};

/// The pair of one JSON line (see parse_pairs_jsonl()); nothing for a blank one. Throws Error naming `line`.
std::optional<Pair> pair_of_json_line(std::string_view text, size_t line);

/// The rules that every pair obeys, the picture's path becoming the key of one that has none. Throws Error
/// naming `line` for a bad key, picture or label, for neither caption nor label, and for a caption that is
/// empty, too long or not UTF-8.
void check_pair(Pair& pair, size_t line, const CaptionLimits& limits);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/caption_rows.inl.hpp>
#endif
