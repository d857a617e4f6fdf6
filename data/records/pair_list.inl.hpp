#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/index_builder.hpp>
#include <t2ue/data/records/pair_list.hpp>

namespace t2ue {

T2UE_INLINE DatasetIndex index_of_pairs(std::span<const Pair> pairs, const std::filesystem::path& folder,
                                        const std::string& format, const DatasetOptions& options,
                                        BadRecords bad) {
  IndexBuilder builder(format, options);
  builder.index().bad = std::move(bad);
  const uint32_t source = builder.source(folder), split = builder.split("all");
  for (const Pair& pair : pairs)
    builder.attempt([&] {
      check(!options.need_pictures || !pair.picture.empty(), "dataset", "\"", pair.key, "\" has no picture");
      Record record;
      record.key = pair.key;
      record.captions = pair.captions;
      if (!pair.label.empty()) record.label = builder.label(pair.label);
      record.picture = {options.need_pictures ? PictureForm::file : PictureForm::none, source,
                        pair.picture.generic_string(), 0, 0};
      record.split = split;
      builder.add(concat("\"", pair.key, "\""), std::move(record));
    });
  builder.check_files();
  return builder.take(folder);
}

T2UE_INLINE DatasetIndex read_pair_list(const std::filesystem::path& file, const DatasetOptions& options) {
  const bool folder = is_folder(file);
  const std::filesystem::path list = folder ? file / "pairs.jsonl" : file;
  BadRecords bad;
  BadRow count;
  if (options.skip_bad) count = [&](const std::string& what) { bad.add(what); };
  const std::vector<Pair> pairs = read_pairs(list, options.limits, count);
  return index_of_pairs(pairs, options.pictures.empty() ? list.parent_path() : options.pictures,
                        folder ? "pairs" : "list", options, std::move(bad));
}

}  // namespace t2ue
