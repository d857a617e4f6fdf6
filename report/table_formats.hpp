// A table of strings in the formats that papers, spreadsheets and repositories take.
#pragma once

#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

/// GitHub's Markdown: title as a heading, notes below. '|' and line breaks in cells are escaped.
std::string to_markdown(const TextTable& table);
/// RFC 4180: a header, then the rows; neither title nor notes.
std::string to_csv(const TextTable& table);
/// A LaTeX table for `\input`: booktabs rules, title as caption, notes as a footnote-sized line each. TeX's
/// special characters are escaped; the document needs the package booktabs.
std::string to_latex(const TextTable& table);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/report/table_formats.inl.hpp>
#endif
