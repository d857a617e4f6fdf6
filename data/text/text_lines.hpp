// Texts line by line, and numbers in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Takes one line from the front of `text`, without its end, which is "\n", "\r\n" or "\r".
std::string_view take_line(std::string_view& text);
/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);
/// The lines of a text file that are not blank, trimmed. Error if one is not UTF-8.
std::vector<std::string> read_lines(const std::filesystem::path& file);
/// A non-negative whole number, the whole text. Error "[dataset] WHERE: ..." if it is none or over `most`.
int64_t read_number(std::string_view text, int64_t most, const std::string& where);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/text_lines.inl.hpp>
#endif
