// Folders of pictures: one folder a class, or captions in a text beside each picture.
#pragma once

#include <filesystem>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// By the first picture under `folder` (in the order of names): "side-files" if it has a text beside it,
/// "classes" if it has none and lies in a folder of its own; pictures that lie in `folder` without text tell
/// nothing. "" without such a picture.
std::string picture_folder_format(const std::filesystem::path& folder);

/// CLASS/NAME.png or SPLIT/CLASS/NAME.png, the second if all folders are named after splits (train, val, test
/// ...). The class is a folder's name, below it folders may be nested. A picture's key is its path from the
/// split on, without the ending. Files that are not named like pictures are passed over. Error for a picture
/// outside the folders of classes.
DatasetIndex read_class_folders(const std::filesystem::path& folder, const DatasetOptions& options);

/// NAME.png with NAME.txt beside it, whose lines that are not blank are the captions, in folders nested at
/// will; splits and keys as above. Error for a picture without text, a text without picture, and a text
/// without captions.
DatasetIndex read_side_files(const std::filesystem::path& folder, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/picture_folders.inl.hpp>
#endif
