// Opens a data set in its published form, recognised from the files that are there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// The names of the forms that open_dataset() knows, in the order in which it looks for them: pairs, cifar10,
/// cifar100, stl10, webdataset, karpathy, coco, flickr, list, side-files, classes.
std::vector<std::string> dataset_formats();

/// The form of what is at `path`: a folder, a caption file, a shard or a pattern of shards. The first that
/// fits counts. Throws Error listing what was looked for if none does, or if there is nothing at `path`.
std::string recognise_dataset(const std::filesystem::path& path);

/// Reads the index of the data set at `path`, in the form options.format or, if that is empty,
/// recognise_dataset(path). Throws Error for an unknown form, and as the form's reader does.
DatasetIndex open_dataset(const std::filesystem::path& path, const DatasetOptions& options = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/open_dataset.inl.hpp>
#endif
