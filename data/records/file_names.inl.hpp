#pragma once

#include <algorithm>
#include <array>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/file_names.hpp>

namespace t2ue {

T2UE_INLINE bool is_file(const std::filesystem::path& path) {
  std::error_code code;
  return std::filesystem::is_regular_file(path, code);
}

T2UE_INLINE bool is_folder(const std::filesystem::path& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code);
}

T2UE_INLINE uint64_t file_bytes(const std::filesystem::path& file) {
  std::error_code code;
  const uint64_t bytes = std::filesystem::file_size(file, code);
  check(!code, "dataset", "cannot read ", file.string(), ": ", code.message());
  return bytes;
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

T2UE_INLINE std::vector<std::filesystem::path> files_named(
    const std::filesystem::path& path, const std::vector<std::string>& folders,
    const std::function<bool(const std::string& name)>& fits) {
  std::vector<std::filesystem::path> found;
  if (is_file(path)) {
    if (fits(path.filename().string())) found.push_back(path);
    return found;
  }
  for (const std::string& folder : folders) {
    if (!is_folder(path / folder)) continue;
    for (const std::filesystem::path& file : sorted_entries(path / folder))
      if (is_file(file) && fits(file.filename().string())) found.push_back(file);
    if (!found.empty()) return found;
  }
  return found;
}

}  // namespace t2ue
