// MSCOCO captions: captions_train2014.json and its like.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// Reads {"images": [{"id", "file_name"}, ...], "annotations": [{"image_id", "caption"}, ...]}, in any order.
/// A picture's key is its file name without the ending. Errors name the entry after `where`: one that lacks
/// a member, an image id that is there twice, an annotation whose image is not there, an image without
/// captions, and by the rules of IndexBuilder. The records get the source `source`.
void parse_coco_captions(std::istream& text, const std::string& where, uint32_t split, uint32_t source,
                         IndexBuilder& builder);

/// The captions_*.json that `path` is, or holds (also in its folder "annotations").
std::vector<std::filesystem::path> find_coco_captions(const std::filesystem::path& path);

/// Reads such a file, or the folder that holds several; each is the split in its name (captions_val2017.json:
/// "val"), with pictures in a folder near it, called as the file is behind "captions_" or "images".
DatasetIndex read_coco(const std::filesystem::path& path, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/coco.inl.hpp>
#endif
