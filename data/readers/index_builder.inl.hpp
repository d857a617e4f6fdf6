#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/readers/index_builder.hpp>

namespace t2ue {

T2UE_INLINE IndexBuilder::IndexBuilder(std::string format, const DatasetOptions& options)
    : options_(options) {
  index_.format = std::move(format);
}

T2UE_INLINE void IndexBuilder::count_bad(const std::string& what) {
  constexpr size_t kept = 100;
  ++index_.bad.count;
  if (index_.bad.first.size() < kept) index_.bad.first.push_back(what);
}

T2UE_INLINE uint32_t IndexBuilder::source(const std::filesystem::path& path) {
  const auto [place, fresh] =
      sources_.try_emplace(path.string(), static_cast<uint32_t>(index_.sources.size()));
  if (fresh) index_.sources.push_back(path);
  return place->second;
}

T2UE_INLINE uint32_t IndexBuilder::split(const std::string& name) {
  const auto [place, fresh] = splits_.try_emplace(name, static_cast<uint32_t>(index_.splits.size()));
  if (fresh) index_.splits.push_back(name);
  return place->second;
}

T2UE_INLINE int32_t IndexBuilder::label(const std::string& name) {
  check(!name.empty() && valid_utf8(name), "dataset", "the class \"", name, "\" is empty or not UTF-8");
  const auto [place, fresh] = labels_.try_emplace(name, static_cast<uint32_t>(index_.label_names.size()));
  if (fresh) index_.label_names.push_back(name);
  return static_cast<int32_t>(place->second);
}

T2UE_INLINE std::string IndexBuilder::place_name(uint32_t split, const std::string& key) {
  return std::to_string(split) + '/' + key;
}

T2UE_INLINE void IndexBuilder::check_caption(const std::string& where, const std::string& caption) const {
  check(valid_utf8(caption), "dataset", where, ": the caption is not valid UTF-8");
  check(caption.size() <= options_.limits.max_caption_bytes, "dataset", where, ": the caption has ",
        caption.size(), " bytes, more than the limit of ", options_.limits.max_caption_bytes);
  check(!trimmed(caption).empty(), "dataset", where, ": the caption is empty");
}

T2UE_INLINE void IndexBuilder::add(const std::string& where, Record record, bool may_be_bare) {
  check(valid_utf8(record.key), "dataset", where, ": the key or file name is not valid UTF-8");
  check_inside(record.key, "dataset", where + ": the key ");
  if (record.picture.form == PictureForm::file)
    check_inside(record.picture.name, "dataset", where + ": the picture's path ");
  check(may_be_bare || !record.captions.empty() || record.label >= 0, "dataset", where, ": \"", record.key,
        "\" has neither a caption nor a class");
  for (const std::string& caption : record.captions) check_caption(where, caption);
  const bool fresh = places_.try_emplace(place_name(record.split, record.key), index_.records.size()).second;
  check(fresh, "dataset", where, ": the key \"", record.key, "\" is there twice");
  index_.records.push_back(std::move(record));
}

T2UE_INLINE void IndexBuilder::caption(const std::string& where, Record picture, std::string caption) {
  const auto place = places_.find(place_name(picture.split, picture.key));
  if (place == places_.end()) {
    picture.captions.push_back(std::move(caption));
    add(where, std::move(picture));
    return;
  }
  Record& known = index_.records[place->second];
  check(known.picture.name == picture.picture.name, "dataset", where, ": the key \"", picture.key,
        "\" belongs to the picture \"", known.picture.name, "\" already, not to \"", picture.picture.name,
        "\"");
  check_caption(where, caption);
  known.captions.push_back(std::move(caption));
}

T2UE_INLINE void IndexBuilder::check_files() {
  if (!options_.need_pictures) return;
  std::vector<Record> present;
  std::string first;
  int64_t missing = 0;
  for (Record& record : index_.records) {
    std::error_code code;
    const std::filesystem::path file = index_.sources.at(record.picture.source) / record.picture.name;
    if (record.picture.form != PictureForm::file || std::filesystem::is_regular_file(file, code)) {
      present.push_back(std::move(record));
      continue;
    }
    if (missing++ == 0) first = file.string();
    if (options_.skip_bad)
      count_bad(concat("[dataset] the picture of \"", record.key, "\" is not there: ", file.string()));
  }
  check(missing == 0 || options_.skip_bad, "dataset", missing, " of ", index_.records.size(),
        " pictures are not there, the first is ", first,
        "; name their folder with --picture-folder, or leave them out with --skip-bad");
  index_.records = std::move(present);
  places_.clear();
  for (size_t i = 0; i < index_.records.size(); ++i)
    places_.emplace(place_name(index_.records[i].split, index_.records[i].key), i);
}

T2UE_INLINE DatasetIndex IndexBuilder::take(const std::filesystem::path& from, bool keep_labels) {
  check(!index_.records.empty(), "dataset", from.string(), " read as ", index_.format, " holds no records",
        index_.bad.count > 0
            ? concat("; ", index_.bad.count, " were bad, the first: ", index_.bad.first.front())
            : "");
  if (!keep_labels) {
    std::vector<size_t> order(index_.label_names.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return index_.label_names[a] < index_.label_names[b]; });
    std::vector<int32_t> number(order.size());
    std::vector<std::string> names(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      number[order[i]] = static_cast<int32_t>(i);
      names[i] = std::move(index_.label_names[order[i]]);
    }
    index_.label_names = std::move(names);
    for (Record& record : index_.records)
      if (record.label >= 0) record.label = number[static_cast<size_t>(record.label)];
  }
  places_.clear();
  return std::move(index_);
}

T2UE_INLINE std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
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

T2UE_INLINE std::string without_ending(const std::string& path) {
  const size_t name = path.find_last_of('/') + 1, dot = path.find_last_of('.');
  return dot == std::string::npos || dot <= name ? path : path.substr(0, dot);
}

T2UE_INLINE bool has_picture_ending(std::string_view name) {
  const size_t dot = name.find_last_of('.');
  if (dot == std::string_view::npos) return false;
  std::string ending(name.substr(dot + 1));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == "png" || ending == "jpg" || ending == "jpeg" || ending == "webp";
}

T2UE_INLINE std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder) {
  std::error_code code;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    if (!at->path().filename().string().starts_with('.')) entries.push_back(at->path());
  check(!code, "dataset", "cannot read the folder ", folder.string(), ": ", code.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

T2UE_INLINE std::string split_in_name(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> known = {
      {{"train", "train"},
       {"val", "val"},
       {"validation", "val"},
       {"dev", "val"},
       {"valid", "val"},
       {"test", "test"},
       {"restval", "restval"},
       {"extra", "extra"},
       {"unlabeled", "unlabeled"}}};
  std::string word;
  for (size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '.';
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      continue;
    }
    for (const auto& [spelling, split] : known)
      if (word == spelling) return std::string(split);
    word.clear();
  }
  return "";
}

}  // namespace t2ue
