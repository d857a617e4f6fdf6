#pragma once

#include <algorithm>
#include <array>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/records/caption_pictures.hpp>
#include <t2ue/data/records/flickr.hpp>
#include <t2ue/data/records/split_manifest.hpp>
#include <t2ue/data/text/caption_rows.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/csv.hpp>

namespace t2ue {
namespace detail {

inline Record flickr_record(std::string_view name, uint32_t split, IndexBuilder& builder) {
  Record record;
  record.picture = {PictureForm::file, builder.source({}), std::string(name), 0, 0};
  record.key = has_picture_ending(name) ? without_ending(record.picture.name) : record.picture.name;
  record.split = split;
  return record;
}

/// "1000268201_693b08cb0e.jpg#0<TAB>A child in a pink dress ..."
inline void flickr_token_line(std::string_view line, const std::string& where, uint32_t split,
                              IndexBuilder& builder) {
  const size_t tab = line.find('\t'), hash = line.substr(0, tab).rfind('#');
  check(tab != std::string_view::npos && hash != std::string_view::npos, "dataset", where,
        ": not NAME.jpg#NUMBER<TAB>CAPTION: \"", line.substr(0, 60), "\"");
  read_number(line.substr(hash + 1, tab - hash - 1), 1'000'000, where);
  builder.caption(where, flickr_record(line.substr(0, hash), split, builder),
                  std::string(trimmed(line.substr(tab + 1))));
}

/// "1000092795.jpg| 0| Two young guys ..."
inline void flickr_bar_line(std::string_view line, const std::string& where, uint32_t split,
                            IndexBuilder& builder) {
  const size_t first = line.find('|');
  const size_t second = first == std::string_view::npos ? first : line.find('|', first + 1);
  check(second != std::string_view::npos, "dataset", where, ": not NAME.jpg| NUMBER| CAPTION: \"",
        line.substr(0, 60), "\"");
  read_number(trimmed(line.substr(first + 1, second - first - 1)), 1'000'000, where);
  builder.caption(where, flickr_record(trimmed(line.substr(0, first)), split, builder),
                  std::string(trimmed(line.substr(second + 1))));
}

/// CSV with a header.
inline void flickr_csv(std::string_view text, const std::string& where, uint32_t split,
                       IndexBuilder& builder) {
  CsvRows rows(text, ',', "dataset", where + " ");
  const auto header = rows.next();
  const auto column = [&](std::initializer_list<std::string_view> names) {
    return static_cast<size_t>(
        std::find_first_of(header->begin(), header->end(), names.begin(), names.end()) - header->begin());
  };
  const size_t name = column({"image", "image_name"}), caption = column({"caption"});
  check(name < header->size() && caption < header->size(), "dataset", where,
        ": not captions of Flickr8k or Flickr30k; the first line is neither NAME.jpg#0<TAB>CAPTION nor a "
        "header "
        "with image and caption");
  for (bool more = true; more;)
    builder.attempt([&] {
      const auto cells = rows.next();
      more = cells.has_value();
      if (!cells || (cells->size() == 1 && cells->front().empty())) return;  // the end, or a blank line
      const std::string place = concat(where, " line ", rows.line());
      check(cells->size() == header->size(), "dataset", place, ": ", cells->size(),
            " cells, but the header has ", header->size());
      builder.caption(place, flickr_record((*cells)[name], split, builder),
                      std::string(trimmed((*cells)[caption])));
    });
}

/// The official splits of Flickr8k, where their lists lie in `folder`.
inline SplitManifest flickr8k_splits(const std::filesystem::path& folder) {
  SplitManifest manifest;
  for (const auto& [name, split] :
       {std::pair{"Flickr_8k.trainImages.txt", "train"}, std::pair{"Flickr_8k.devImages.txt", "val"},
        std::pair{"Flickr_8k.testImages.txt", "test"}}) {
    if (!is_file(folder / name)) return {};
    for (const std::string& key : read_lines(folder / name))
      manifest.add((folder / name).string(), key, split);
  }
  return manifest;
}

}  // namespace detail

T2UE_INLINE void parse_flickr_captions(std::string_view text, const std::string& where, uint32_t split,
                                       IndexBuilder& builder) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  check(!trimmed(text).empty(), "dataset", where, " is empty");
  std::string_view rest = text;
  const std::string_view first = take_line(rest);
  const bool bars = first.starts_with("image_name|") || first.starts_with("image|");
  const size_t tab = first.find('\t');
  if (!bars && first.substr(0, tab).find('#') == std::string_view::npos) {
    detail::flickr_csv(text, where, split, builder);
    return;
  }
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (trimmed(line).empty() || (bars && number == 1)) continue;
    const std::string place = concat(where, " line ", number);
    builder.attempt(
        [&] { (bars ? detail::flickr_bar_line : detail::flickr_token_line)(line, place, split, builder); });
  }
}

T2UE_INLINE std::filesystem::path find_flickr_captions(const std::filesystem::path& path) {
  const auto found = files_named(path, {"", "Flickr8k_text", "annotations"}, [](const std::string& name) {
    // Flickr8k has a second list of the same captions, lemmatised, which nobody means.
    const bool tokens = name.ends_with(".token") || name.ends_with(".token.txt");
    return (tokens && name.find("lemma") == std::string::npos) || name == "captions.txt" ||
           name == "results.csv";
  });
  return found.empty() ? std::filesystem::path() : found.front();
}

T2UE_INLINE DatasetIndex read_flickr(const std::filesystem::path& path, const DatasetOptions& options) {
  std::filesystem::path file = find_flickr_captions(path);
  if (file.empty() && is_file(path)) file = path;  // of another name, by --format
  check(!file.empty(), "dataset", path.string(),
        " has no captions of Flickr8k or Flickr30k; looked for *.token, *.token.txt, captions.txt and "
        "results.csv");
  IndexBuilder builder("flickr", options);
  const std::string named = split_in_name(file.stem().string());
  const uint32_t split = builder.split(named.empty() ? "all" : named);
  parse_flickr_captions(read_text(file, options.limits.max_file_bytes), file.string(), split, builder);
  place_pictures(builder, builder.source({}), file, flickr_folder_names());
  builder.check_files();
  DatasetIndex index = builder.take(file);
  if (const SplitManifest splits = detail::flickr8k_splits(file.parent_path()); !splits.empty())
    apply_splits(index, splits, options.skip_bad);
  return index;
}

}  // namespace t2ue
