// Lists files and folders in order, and reads what their names say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Whether there is a file (or a folder), possibly through a link, that can be looked at.
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
/// The size of a file. Error if it has none.
uint64_t file_bytes(const std::filesystem::path& file);
/// The path without the ending of its file name.
std::string without_ending(const std::string& path);
/// Whether the name ends like a picture that decode_image() reads: png, jpg, jpeg, webp, in any case.
bool has_picture_ending(std::string_view name);
/// Files (or folders) in `folder`, by the bytes of their names; hidden ones are left out. Error if it cannot
/// be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);
/// The split that a file or folder is named after: one of train, val, validation, dev, valid, test, restval,
/// extra, unlabeled as a whole word of its name (val for dev, valid and validation); "" if there is none.
std::string split_in_name(const std::string& name);
/// The files whose names fit: `path` itself if it is a file; otherwise those in the first of its `folders`
/// ("" is the folder itself) that has any, in the order of their names.
std::vector<std::filesystem::path> files_named(const std::filesystem::path& path,
                                               const std::vector<std::string>& folders,
                                               const std::function<bool(const std::string& name)>& fits);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/file_names.inl.hpp>
#endif
