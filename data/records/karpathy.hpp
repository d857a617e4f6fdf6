// Karpathy's splits of Flickr8k, Flickr30k and COCO: one JSON with names, splits and captions.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// Reads {"images": [{"filename", "split", "sentences": [{"raw"}, ...], "filepath" (COCO: the folder)}, ...]}
/// of dataset_flickr8k.json, dataset_flickr30k.json and dataset_coco.json. A picture's key is its file name
/// without the ending. Errors name the entry after `where`.
void parse_karpathy(std::istream& text, const std::string& where, IndexBuilder& builder);

/// The one such file that `path` is (dataset*.json) or holds; empty if there is none.
std::filesystem::path find_karpathy(const std::filesystem::path& path);

/// Reads such a file, or the folder that holds it, with pictures near it.
DatasetIndex read_karpathy(const std::filesystem::path& path, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/karpathy.inl.hpp>
#endif
