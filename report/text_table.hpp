// A table of strings: the form that every table has before it becomes terminal text or HTML.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// A table of UTF-8 cells. Every row has as many cells as `columns`.
struct TextTable {
  struct Column {
    std::string name;
    bool numeric = true;  ///< aligned to the right
  };
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;  ///< one line each, below the table
};

/// The table as aligned lines for a terminal. A column is as wide as its longest cell in code points. Throws
/// Error when a row does not have one cell a column.
std::string to_text(const TextTable& table);

/// `value` with exactly `decimals` decimals, whatever the locale; "-" for NaN.
std::string format_number(double value, int decimals);
/// `seconds` as "4.2 s", "3 min 05 s" or "2 h 07 min".
std::string format_duration(double seconds);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/text_table.inl.hpp>
#endif
