#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/records/index_builder.hpp>
#include <t2ue/data/records/split_manifest.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {

T2UE_INLINE void SplitManifest::add(const std::string& where, const std::string& key,
                                    const std::string& split) {
  check(!key.empty() && !split.empty() && valid_utf8(key) && valid_utf8(split), "splits", where,
        ": the key or the split is empty or not UTF-8");
  auto number = static_cast<uint32_t>(std::find(splits_.begin(), splits_.end(), split) - splits_.begin());
  if (number == splits_.size()) {
    check(splits_.size() < 1000, "splits", where, ": \"", split, "\" would be the 1001st split");
    splits_.push_back(split);
  }
  const auto [place, fresh] = split_of_.try_emplace(key, number);
  check(fresh || place->second == number, "splits", where, ": the key \"", key, "\" is in \"",
        splits_[place->second], "\" already, not in \"", split, "\"");
}

T2UE_INLINE SplitManifest parse_splits(std::string_view text, const std::string& where) {
  SplitManifest manifest;
  if (trimmed(text).starts_with('{')) {
    const nlohmann::json lists = parse_json(text, "splits: " + where);
    for (const auto& [split, keys] : lists.items()) {
      check(keys.is_array(), "splits", where, ": \"", split, "\" is not a list of keys");
      for (const nlohmann::json& key : keys) {
        check(key.is_string(), "splits", where, ": a key of \"", split, "\" is not a string: ", key.dump());
        manifest.add(where, key.get<std::string>(), split);
      }
    }
  } else {
    for (size_t number = 1; !text.empty(); ++number) {
      const std::string_view line = take_line(text);
      if (trimmed(line).empty()) continue;
      const std::string place = concat(where, " line ", number);
      const size_t tab = line.find('\t');
      check(tab != std::string_view::npos, "splits", place, ": not KEY<TAB>SPLIT");
      manifest.add(place, std::string(trimmed(line.substr(0, tab))),
                   std::string(trimmed(line.substr(tab + 1))));
    }
  }
  check(!manifest.empty(), "splits", where, " lists no keys");
  return manifest;
}

T2UE_INLINE SplitManifest read_splits(const std::filesystem::path& file) {
  return parse_splits(read_text(file), file.string());
}

T2UE_INLINE void apply_splits(DatasetIndex& index, const SplitManifest& manifest, bool skip_bad) {
  const auto& split_of = manifest.split_of();
  const auto unlisted = static_cast<uint32_t>(manifest.splits().size());
  bool any_unlisted = false;
  std::unordered_set<std::string> used, placed;
  for (Record& record : index.records) {
    auto found = split_of.find(record.key);
    if (found == split_of.end()) found = split_of.find(record.picture.name);
    record.split = found == split_of.end() ? unlisted : found->second;
    if (found == split_of.end())
      any_unlisted = true;
    else
      used.insert(found->first);
    check(placed.insert(concat(record.split, '/', record.key)).second, "splits", "the key \"", record.key,
          "\" is in several splits of the data set, so that a manifest cannot tell its pictures apart");
  }
  int64_t absent = 0;
  std::string first;
  for (const auto& [key, split] : split_of) {
    if (used.contains(key)) continue;
    if (absent++ == 0 || key < first) first = key;
  }
  const std::string message =
      concat("[splits] ", absent, " of ", split_of.size(),
             " keys in the manifest are not in the data set, such as \"", first, "\"");
  if (absent > 0 && !skip_bad) throw Error(message + "; --skip-bad goes on without them");
  if (absent > 0) {
    index.bad.count += absent;
    index.bad.first.push_back(message);
  }
  index.splits = manifest.splits();
  if (any_unlisted) index.splits.push_back("unlisted");
}

}  // namespace t2ue
