#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/core/paths.hpp>
#include <t2ue/data/text/caption_rows.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {
namespace detail {

/// A member that must be a string; "" if it is absent or null.
inline std::string json_string(const nlohmann::json& object, const char* name, size_t line) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return "";
  check(member->is_string(), "captions", "line ", line, ": \"", name, "\" is not a string");
  return member->get<std::string>();
}

}  // namespace detail

T2UE_INLINE char csv_separator(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n")).find('\t') != std::string_view::npos ? '\t' : ',';
}

T2UE_INLINE void CsvRowEnd::feed(std::string_view line) {
  for (const char c : line) {
    if (state_ == State::quoted) {
      if (c == '"') state_ = State::quote;
    } else if (c == '"' && state_ != State::plain) {
      state_ = State::quoted;  // the first of a cell, or the second of two within quotes
    } else {
      state_ = c == separator_ || c == '\n' || c == '\r' ? State::start : State::plain;
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
      fail("captions", "line 1: the columns \"", header[place], "\" and \"", name, "\" mean the same");
    place = i;
  }
  check(place_[key] != absent || place_[picture] != absent, "captions",
        "line 1: there is no column `key` (nor `image`); the first row must name the columns");
  check(place_[caption] != absent || place_[label] != absent, "captions",
        "line 1: there is no column `caption` (nor `label`)");
}

T2UE_INLINE std::optional<Pair> CsvColumns::pair(std::vector<std::string> cells, size_t line) const {
  if (cells.size() == 1 && cells.front().empty()) return std::nullopt;  // a blank line
  check(cells.size() == cells_, "captions", "line ", line, ": ", cells.size(), " cells, but the header has ",
        cells_);
  const auto cell = [&](Column column) {
    return place_[column] == absent ? std::string() : std::move(cells[place_[column]]);
  };
  Pair pair{cell(key), cell(picture), {}, cell(label)};
  if (place_[caption] != absent) pair.captions.push_back(cell(caption));
  return pair;
}

T2UE_INLINE std::optional<Pair> pair_of_json_line(std::string_view text, size_t line) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return std::nullopt;
  check(valid_utf8(text), "captions", "line ", line, ": not valid UTF-8; save the list as UTF-8");
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, false);
  check(object.is_object(), "captions", "line ", line, ": not a JSON object, which one line must hold");
  Pair pair{detail::json_string(object, "key", line),
            detail::json_string(object, "image", line),
            {},
            detail::json_string(object, "label", line)};
  if (object.contains("caption")) pair.captions.push_back(detail::json_string(object, "caption", line));
  if (const auto list = object.find("captions"); list != object.end()) {
    check(list->is_array(), "captions", "line ", line, ": \"captions\" is not a list");
    for (const nlohmann::json& caption : *list) {
      check(caption.is_string(), "captions", "line ", line, ": a caption is not a string");
      pair.captions.push_back(caption.get<std::string>());
    }
  }
  return pair;
}

T2UE_INLINE void check_pair(Pair& pair, size_t line, const CaptionLimits& limits) {
  const auto demand = [&](bool condition, const auto&... parts) {
    check(condition, "captions", "line ", line, ": ", parts...);
  };
  const std::string picture = pair.picture.generic_string();
  demand(valid_utf8(pair.key) && valid_utf8(picture) && valid_utf8(pair.label),
         "the key, the picture's path or the label is not valid UTF-8");
  if (pair.key.empty()) pair.key = picture;
  demand(!pair.key.empty(), "there is no key");
  const std::string in_line = "line " + std::to_string(line);
  check_inside(pair.key, "captions", in_line + ": the key ");
  if (!picture.empty()) check_inside(picture, "captions", in_line + ": the picture's path ");
  demand(!pair.captions.empty() || !pair.label.empty(), "there is neither a caption nor a label");
  for (const std::string& caption : pair.captions) {
    demand(caption.size() <= limits.max_caption_bytes, "the caption has ", caption.size(),
           " bytes, more than the limit of ", limits.max_caption_bytes, "; shorten it");
    demand(valid_utf8(caption), "the caption is not valid UTF-8; save the list as UTF-8");
    demand(caption.find_first_not_of(" \t\r\n") != std::string::npos, "the caption is empty");
  }
}

}  // namespace t2ue
