#pragma once

#include <algorithm>
#include <functional>
#include <set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/records/picture_folders.hpp>
#include <t2ue/data/text/utf8.hpp>

namespace t2ue {
namespace detail {

/// Calls `visit` with the path of every file under `folder`, relative to it, in the order of names, until it
/// returns false. Links to folders are not followed: they may go round in circles.
inline bool walk_files(const std::filesystem::path& folder, const std::filesystem::path& below,
                       const std::function<bool(const std::string&)>& visit) {
  for (const std::filesystem::path& entry : sorted_entries(folder / below)) {
    std::error_code code;
    const std::filesystem::path relative = below / entry.filename();
    if (is_folder(entry)) {
      if (!std::filesystem::is_symlink(entry, code) && !walk_files(folder, relative, visit)) return false;
    } else if (!visit(relative.generic_string())) {
      return false;
    }
  }
  return true;
}

struct SplitFolder {
  std::filesystem::path root;
  std::string name;
};

/// The folders of the splits with their names; the folder itself as "all" if it has none.
inline std::vector<SplitFolder> split_folders(const std::filesystem::path& folder) {
  std::vector<SplitFolder> splits;
  for (const std::filesystem::path& entry : sorted_entries(folder)) {
    if (!is_folder(entry)) continue;
    const std::string split = split_in_name(entry.filename().string());
    if (split.empty()) return {{folder, "all"}};
    splits.push_back({entry, split});
  }
  if (splits.empty()) splits.push_back({folder, "all"});
  return splits;
}

inline Record file_record(const std::string& path, uint32_t source, uint32_t split,
                          const DatasetOptions& options) {
  Record record;
  record.key = without_ending(path);
  record.picture = {options.need_pictures ? PictureForm::file : PictureForm::none, source, path, 0, 0};
  record.split = split;
  return record;
}

}  // namespace detail

T2UE_INLINE std::string picture_folder_format(const std::filesystem::path& folder) {
  if (!is_folder(folder)) return "";
  std::string format;
  detail::walk_files(folder, {}, [&](const std::string& path) {
    if (!has_picture_ending(path)) return true;
    const bool text = is_file(folder / (without_ending(path) + ".txt"));
    if (text)
      format = "side-files";
    else if (path.find('/') != std::string::npos)
      format = "classes";
    return format.empty();
  });
  return format;
}

T2UE_INLINE DatasetIndex read_class_folders(const std::filesystem::path& folder,
                                            const DatasetOptions& options) {
  IndexBuilder builder("classes", options);
  for (const detail::SplitFolder& part : detail::split_folders(folder)) {
    const std::filesystem::path& root = part.root;
    const uint32_t source = builder.source(root), split = builder.split(part.name);
    detail::walk_files(root, {}, [&](const std::string& path) {
      if (!has_picture_ending(path)) return true;
      const std::string where = (root / path).string();
      builder.attempt([&] {
        const size_t slash = path.find('/');
        check(slash != std::string::npos, "dataset", where, " lies outside the folders of classes");
        Record record = detail::file_record(path, source, split, options);
        check(valid_utf8(record.key), "dataset", where, ": the name is not valid UTF-8");
        record.label = builder.label(path.substr(0, slash));
        builder.add(where, std::move(record));
      });
      return true;
    });
  }
  return builder.take(folder);
}

T2UE_INLINE DatasetIndex read_side_files(const std::filesystem::path& folder, const DatasetOptions& options) {
  IndexBuilder builder("side-files", options);
  for (const detail::SplitFolder& part : detail::split_folders(folder)) {
    const std::filesystem::path& root = part.root;
    const uint32_t source = builder.source(root), split = builder.split(part.name);
    std::vector<std::string> pictures;
    std::set<std::string> texts, used;
    detail::walk_files(root, {}, [&](const std::string& path) {
      if (has_picture_ending(path)) pictures.push_back(path);
      if (path.ends_with(".txt")) texts.insert(path);
      return true;
    });
    for (const std::string& path : pictures)
      builder.attempt([&] {
        const std::string where = (root / path).string(), text = without_ending(path) + ".txt";
        check(texts.contains(text), "dataset", where, " has no captions: there is no ",
              (root / text).string());
        used.insert(text);
        Record record = detail::file_record(path, source, split, options);
        record.captions = read_lines(root / text);
        check(!record.captions.empty(), "dataset", (root / text).string(), " has no captions");
        builder.add(where, std::move(record));
      });
    for (const std::string& text : texts)
      builder.attempt([&] {
        check(used.contains(text), "dataset", (root / text).string(),
              " has captions, but there is no picture beside it");
      });
  }
  return builder.take(folder);
}

}  // namespace t2ue
