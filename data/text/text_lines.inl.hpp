#pragma once

#include <algorithm>
#include <charconv>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/text_lines.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {

T2UE_INLINE std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  text.remove_prefix(line.size());
  if (!text.empty()) text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  return line;
}

T2UE_INLINE std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

T2UE_INLINE std::vector<std::string> read_lines(const std::filesystem::path& file) {
  const std::string text = read_text(file, uint64_t{64} << 20);
  check(valid_utf8(text), "dataset", file.string(), " is not valid UTF-8");
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();)
    if (const std::string_view line = trimmed(take_line(rest)); !line.empty()) lines.emplace_back(line);
  return lines;
}

T2UE_INLINE int64_t read_number(std::string_view text, int64_t most, const std::string& where) {
  int64_t value = -1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  check(code == std::errc() && end == text.data() + text.size() && value >= 0 && value <= most, "dataset",
        where, ": \"", text.substr(0, 40), "\" is not a whole number in 0..", most);
  return value;
}

}  // namespace t2ue
