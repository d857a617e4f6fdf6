#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/records/webdataset.hpp>

namespace t2ue {
namespace detail {

inline constexpr std::array<const char*, 4> shard_pictures = {"jpg", "jpeg", "png", "webp"};
inline constexpr int64_t most_classes = 1'000'000;

inline std::string_view text_of(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The alternatives inside one pair of braces.
inline std::vector<std::string> brace_choices(const std::string& inside, const std::string& pattern) {
  const size_t dots = inside.find("..");
  std::vector<std::string> choices;
  if (dots == std::string::npos) {
    for (size_t from = 0; from <= inside.size();) {
      const size_t to = std::min(inside.find(',', from), inside.size());
      choices.push_back(inside.substr(from, to - from));
      from = to + 1;
    }
    return choices;
  }
  const std::string first = inside.substr(0, dots), last = inside.substr(dots + 2);
  const int64_t low = read_number(first, 1'000'000'000, pattern);
  const int64_t high = read_number(last, 1'000'000'000, pattern);
  check(low <= high && (first.size() == last.size() || !first.starts_with('0') || first.size() == 1),
        "dataset", pattern, ": the range {", inside,
        "} goes down, or its ends have different numbers of digits");
  check(high - low < 1'000'000, "dataset", pattern, ": {", inside, "} are more than 1000000 names");
  for (int64_t number = low; number <= high; ++number) {
    choices.push_back(fmt::format("{:0{}}", number, first.size() == last.size() ? first.size() : 1));
  }
  return choices;
}

/// Captions of one column; nothing if the sample lacks it.
inline std::vector<std::string> column_captions(const Sample& sample, const std::string& column,
                                                const std::string& where) {
  std::vector<std::string> captions;
  const bool json = column.starts_with("json:");
  const auto part = sample.parts.find(json ? "json" : column);
  if (part == sample.parts.end()) return captions;
  if (!json) {
    for (std::string_view rest = text_of(part->second); !rest.empty();)
      if (const std::string_view line = trimmed(take_line(rest)); !line.empty()) captions.emplace_back(line);
    return captions;
  }
  const nlohmann::json object = nlohmann::json::parse(text_of(part->second), nullptr, false);
  check(object.is_object(), "dataset", where, ": its .json is not a JSON object");
  const auto member = object.find(column.substr(5));
  if (member == object.end() || member->is_null()) return captions;
  const nlohmann::json list = member->is_array() ? *member : nlohmann::json::array({*member});
  for (const nlohmann::json& caption : list) {
    check(caption.is_string(), "dataset", where, ": \"", column.substr(5), "\" of its .json is not a text");
    captions.push_back(caption.get<std::string>());
  }
  return captions;
}

inline Record shard_record(const Sample& sample, const std::string& where, uint32_t source,
                           int64_t label_count, const DatasetOptions& options) {
  Record record;
  record.key = sample.key;
  for (const char* extension : shard_pictures) {
    const auto part = sample.unread.find(extension);
    if (part == sample.unread.end()) continue;
    record.picture = {PictureForm::member, source, part->second.path, part->second.offset,
                      part->second.bytes};
    break;
  }
  check(record.picture.form != PictureForm::none || !options.need_pictures, "dataset", where,
        " has no picture (.jpg, .jpeg, .png or .webp)");
  record.captions = shard_captions(sample, options.columns, where);
  if (const auto part = sample.parts.find("cls"); part != sample.parts.end())
    record.label = static_cast<int32_t>(
        read_number(trimmed(text_of(part->second)), label_count - 1, where + " class number"));
  return record;
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> shard_captions(const Sample& sample,
                                                    const std::vector<std::string>& columns,
                                                    const std::string& where) {
  if (columns.empty())
    return shard_captions(sample, {sample.parts.contains("txt") ? "txt" : "json:caption"}, where);
  std::vector<std::string> captions;
  for (const std::string& column : columns)
    for (std::string& caption : detail::column_captions(sample, column, where))
      captions.push_back(std::move(caption));
  return captions;
}

T2UE_INLINE std::vector<std::string> expand_braces(const std::string& pattern) {
  std::vector<std::string> names = {""};
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = std::min(pattern.find_first_of("{}", at), pattern.size());
    std::vector<std::string> choices = {pattern.substr(at, open - at)};
    at = open;
    if (choices.front().empty()) {
      const size_t close = pattern.find_first_of("{}", open + 1);
      check(pattern[open] == '{' && close != std::string::npos && pattern[close] == '}', "dataset", pattern,
            ": a brace without its partner, or nested braces");
      choices = detail::brace_choices(pattern.substr(open + 1, close - open - 1), pattern);
      at = close + 1;
    }
    check(names.size() * choices.size() <= 1'000'000, "dataset", pattern,
          " stands for more than 1000000 names");
    std::vector<std::string> longer;
    for (const std::string& name : names)
      for (const std::string& choice : choices) longer.push_back(name + choice);
    names = std::move(longer);
  }
  return names;
}

T2UE_INLINE bool is_shard_name(const std::string& name) {
  return name.ends_with(".tar") || name.ends_with(".tar.gz") || name.ends_with(".tgz");
}

T2UE_INLINE std::vector<std::filesystem::path> find_shards(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> shards;
  if (is_folder(path)) {
    for (const std::filesystem::path& entry : sorted_entries(path))
      if (is_shard_name(entry.filename().string())) shards.push_back(entry);
  } else if (is_shard_name(path.string())) {
    if (is_file(path)) return {path};
    for (const std::string& name : expand_braces(path.string())) shards.emplace_back(name);
  }
  return shards;
}

T2UE_INLINE ShardOptions shard_options(const DatasetOptions& options) {
  std::vector<std::string> wanted = {"cls"};
  for (const std::string& column : options.columns)
    wanted.push_back(column.starts_with("json:") ? "json" : column);
  if (options.columns.empty()) wanted.insert(wanted.end(), {"txt", "json"});
  ShardOptions shard;
  shard.wanted = [wanted](const std::string& extension) {
    return std::find(wanted.begin(), wanted.end(), extension) != wanted.end();
  };
  return shard;
}

T2UE_INLINE void add_shard(ShardReader& shard, const std::string& where, uint32_t source, uint32_t split,
                           int64_t label_count, IndexBuilder& builder) {
  while (std::optional<Sample> sample = shard.next())
    builder.attempt([&] {
      const std::string place = concat(where, ": the sample \"", sample->key, "\"");
      Record record = detail::shard_record(*sample, place, source, label_count, builder.options());
      record.split = split;
      builder.add(place, std::move(record));
    });
}

T2UE_INLINE DatasetIndex read_webdataset(const std::filesystem::path& path, const DatasetOptions& options) {
  const std::vector<std::filesystem::path> shards = find_shards(path);
  check(!shards.empty(), "dataset", path.string(), " is not, and does not hold, a .tar, .tar.gz or .tgz");
  IndexBuilder builder("webdataset", options);
  std::vector<std::string> names;
  const std::filesystem::path classes = shards.front().parent_path() / "classes.txt";
  if (is_file(classes)) names = read_lines(classes);
  const int64_t count = names.empty() ? detail::most_classes : static_cast<int64_t>(names.size());
  for (const std::filesystem::path& file : shards) {
    const std::string split = split_in_name(file.filename().string());
    const uint32_t source = builder.source(file), number = builder.split(split.empty() ? "all" : split);
    builder.attempt([&] {
      ShardReader shard(file, shard_options(options));
      add_shard(shard, file.string(), source, number, count, builder);
    });
  }
  int32_t highest = -1;
  for (const Record& record : builder.index().records) highest = std::max(highest, record.label);
  if (names.empty())
    for (int32_t number = 0; number <= highest; ++number) names.push_back(std::to_string(number));
  builder.index().label_names = std::move(names);
  return builder.take(path, true);
}

}  // namespace t2ue
