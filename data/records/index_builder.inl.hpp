#pragma once

#include <algorithm>
#include <numeric>

#include <t2ue/core/paths.hpp>
#include <t2ue/data/records/index_builder.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {

T2UE_INLINE IndexBuilder::IndexBuilder(std::string format, const DatasetOptions& options)
    : options_(options) {
  index_.format = std::move(format);
}

T2UE_INLINE void IndexBuilder::count_bad(const std::string& what) {
  index_.bad.add(what);
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
    const std::filesystem::path file = index_.sources.at(record.picture.source) / record.picture.name;
    if (record.picture.form != PictureForm::file || is_file(file)) {
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

}  // namespace t2ue
