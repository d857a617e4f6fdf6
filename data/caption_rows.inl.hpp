#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/caption_rows.hpp>
#include <t2ue/data/captions.hpp>

namespace t2ue {
namespace detail {

/// A member that must be a string; "" if it is absent or null.
inline std::string json_string(const nlohmann::json& object, const char* name, size_t row) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return "";
  check(member->is_string(), "captions", "row ", row, ": \"", name, "\" is not a string");
  return member->get<std::string>();
}

}  // namespace detail

T2UE_INLINE std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
}

T2UE_INLINE char csv_separator(std::string_view text) {
  return text.substr(0, text.find('\n')).find('\t') != std::string_view::npos ? '\t' : ',';
}

T2UE_INLINE std::optional<std::vector<std::string>> take_csv_row(std::string_view& text, char separator,
                                                                 size_t row) {
  if (text.empty()) return std::nullopt;
  std::vector<std::string> cells(1);
  size_t at = 0;
  bool cell_start = true;
  while (at < text.size()) {
    const char c = text[at++];
    if (c == '"' && cell_start) {
      for (;; ++at) {
        check(at < text.size(), "captions", "row ", row, ": a quoted cell does not end");
        if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        cells.back() += text[at];
      }
      ++at;  // the closing quote
      const bool ended = at == text.size() || text[at] == separator || text[at] == '\n' || text[at] == '\r';
      check(ended, "captions", "row ", row,
            ": there is text behind a cell's closing quote; double quotes inside cells");
      cell_start = false;
    } else if (c == separator) {
      cells.emplace_back();
      cell_start = true;
    } else if (c == '\n' || (c == '\r' && (at == text.size() || text[at] == '\n'))) {
      if (c == '\r' && at < text.size()) ++at;
      break;
    } else {
      cells.back() += c;
      cell_start = false;
    }
  }
  text.remove_prefix(at);
  return cells;
}

T2UE_INLINE void CsvRowEnd::feed(std::string_view line) {
  for (const char c : line) {
    if (state_ == State::quoted) {
      if (c == '"') state_ = State::quote;
    } else if (c == '"' && state_ != State::plain) {
      state_ = State::quoted;  // the first of a cell, or the second of two within quotes
    } else {
      state_ = c == separator_ || c == '\n' ? State::start : State::plain;
    }
  }
}

T2UE_INLINE CsvColumns::CsvColumns(const std::vector<std::string>& header) : cells_(header.size()) {
  constexpr std::pair<std::string_view, Column> names[] = {
      {"key", key},         {"image", picture}, {"picture", picture}, {"filepath", picture},
      {"caption", caption}, {"title", caption}, {"label", label}};
  for (size_t i = 0; i < header.size(); ++i) {
    std::string name = header[i];
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto* known = std::find_if(std::begin(names), std::end(names),
                                     [&](const auto& entry) { return entry.first == name; });
    if (known == std::end(names)) continue;
    size_t& place = place_.at(known->second);
    if (place != absent)
      fail("captions", "row 1: the columns \"", header[place], "\" and \"", name, "\" mean the same");
    place = i;
  }
  check(place_[key] != absent || place_[picture] != absent, "captions",
        "row 1: there is no column `key` (nor `image`); the first row must name the columns");
  check(place_[caption] != absent || place_[label] != absent, "captions",
        "row 1: there is no column `caption` (nor `label`)");
}

T2UE_INLINE std::optional<Pair> CsvColumns::pair(std::vector<std::string> cells, size_t row) const {
  if (cells.size() == 1 && cells.front().empty()) return std::nullopt;  // a blank line
  check(cells.size() == cells_, "captions", "row ", row, ": ", cells.size(), " cells, but the header has ",
        cells_);
  const auto cell = [&](Column column) {
    return place_[column] == absent ? std::string() : std::move(cells[place_[column]]);
  };
  Pair pair{cell(key), cell(picture), {}, cell(label)};
  if (place_[caption] != absent) pair.captions.push_back(cell(caption));
  return pair;
}

T2UE_INLINE std::optional<Pair> pair_of_json_line(std::string_view line, size_t row) {
  if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
  check(valid_utf8(line), "captions", "row ", row, ": not valid UTF-8; save the list as UTF-8");
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  check(object.is_object(), "captions", "row ", row, ": not a JSON object, which one line must hold");
  Pair pair{detail::json_string(object, "key", row),
            detail::json_string(object, "image", row),
            {},
            detail::json_string(object, "label", row)};
  if (object.contains("caption")) pair.captions.push_back(detail::json_string(object, "caption", row));
  if (const auto list = object.find("captions"); list != object.end()) {
    check(list->is_array(), "captions", "row ", row, ": \"captions\" is not a list");
    for (const nlohmann::json& caption : *list) {
      check(caption.is_string(), "captions", "row ", row, ": a caption is not a string");
      pair.captions.push_back(caption.get<std::string>());
    }
  }
  return pair;
}

T2UE_INLINE void check_pair(Pair& pair, size_t row, const CaptionLimits& limits) {
  const auto demand = [&](bool condition, const auto&... parts) {
    check(condition, "captions", "row ", row, ": ", parts...);
  };
  const std::string picture = pair.picture.generic_string();
  demand(valid_utf8(pair.key) && valid_utf8(picture) && valid_utf8(pair.label),
         "the key, the picture's path or the label is not valid UTF-8");
  if (pair.key.empty()) pair.key = picture;
  demand(!pair.key.empty(), "there is no key");
  const std::string in_row = "row " + std::to_string(row);
  check_inside(pair.key, "captions", in_row + ": the key ");
  if (!picture.empty()) check_inside(picture, "captions", in_row + ": the picture's path ");
  demand(!pair.captions.empty() || !pair.label.empty(), "there is neither a caption nor a label");
  for (const std::string& caption : pair.captions) {
    demand(caption.size() <= limits.max_caption_bytes, "the caption has ", caption.size(),
           " bytes, more than the limit of ", limits.max_caption_bytes, "; shorten it");
    demand(valid_utf8(caption), "the caption is not valid UTF-8; save the list as UTF-8");
    demand(caption.find_first_not_of(" \t\r\n") != std::string::npos, "the caption is empty");
  }
}

}  // namespace t2ue
