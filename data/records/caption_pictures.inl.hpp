#pragma once

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/caption_pictures.hpp>

namespace t2ue {

T2UE_INLINE std::vector<std::filesystem::path> picture_folders(const std::filesystem::path& caption_file,
                                                               const DatasetOptions& options,
                                                               const std::vector<std::string>& names) {
  const std::filesystem::path here = caption_file.parent_path();
  std::vector<std::filesystem::path> roots = {here, here.empty() ? std::filesystem::path("..") : here / ".."};
  if (!options.pictures.empty()) roots = {options.pictures};
  std::vector<std::filesystem::path> folders;
  for (const std::filesystem::path& root : roots) {
    for (const std::string& name : names) folders.push_back((root / name).lexically_normal());
    folders.push_back(root.lexically_normal());
  }
  return folders;
}

T2UE_INLINE void place_pictures(IndexBuilder& builder, uint32_t source,
                                const std::filesystem::path& caption_file,
                                const std::vector<std::string>& names) {
  DatasetIndex& index = builder.index();
  constexpr size_t enough = 16;  // the first may be missing
  std::vector<std::string> sought;
  for (Record& record : index.records) {
    if (record.picture.source != source) continue;
    if (!builder.options().need_pictures) record.picture.form = PictureForm::none;
    if (sought.size() < enough) sought.push_back(record.picture.name);
  }
  if (!builder.options().need_pictures || sought.empty()) return;
  const auto folders = picture_folders(caption_file, builder.options(), names);
  std::string tried;
  for (const std::filesystem::path& folder : folders) {
    for (const std::string& name : sought)
      if (is_file(folder / name)) {
        index.sources[source] = folder;
        return;
      }
    tried += (tried.empty() ? "" : ", ") + folder.string();
  }
  fail("dataset", caption_file.string(), ": its pictures, such as ", sought.front(),
       ", are in none of: ", tried, "; name their folder with --picture-folder");
}

T2UE_INLINE std::vector<std::string> flickr_folder_names() {
  return {"Images",
          "images",
          "Flicker8k_Dataset",
          "Flickr8k_Dataset",
          "Flickr8k_Dataset/Flicker8k_Dataset",
          "flickr30k-images",
          "flickr30k_images",
          "flickr30k_images/flickr30k_images"};
}

}  // namespace t2ue
