// The pictures that a caption file names: where their folder is, and whether they are all there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// Where the pictures of a caption file may lie: options.pictures if it is given, otherwise the file's folder
/// and the one above it; in each, the folders called `names` and the folder itself.
std::vector<std::filesystem::path> picture_folders(const std::filesystem::path& caption_file,
                                                   const DatasetOptions& options,
                                                   const std::vector<std::string>& names);

/// Gives the records of `caption_file`, which have the source `source`, the first of those folders that holds
/// one of their first pictures. Without need_pictures the records have no pictures instead. Throws Error,
/// listing the folders, if there is none.
void place_pictures(IndexBuilder& builder, uint32_t source, const std::filesystem::path& caption_file,
                    const std::vector<std::string>& names);

/// The names under which the pictures of Flickr8k and Flickr30k are unpacked.
std::vector<std::string> flickr_folder_names();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/caption_pictures.inl.hpp>
#endif
