#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/records/caption_pictures.hpp>
#include <t2ue/data/records/coco.hpp>
#include <t2ue/data/records/json_elements.hpp>

namespace t2ue {
namespace detail {

/// An image and what is known of it so far.
struct CocoImage {
  std::string file_name;  ///< empty until the image's own entry is read
  std::string where;
  std::vector<std::string> captions;
};

}  // namespace detail

T2UE_INLINE void parse_coco_captions(std::istream& text, const std::string& where, uint32_t split,
                                     uint32_t source, IndexBuilder& builder) {
  std::vector<detail::CocoImage> images;
  std::unordered_map<int64_t, size_t> places;
  const auto image_of = [&](int64_t id) -> detail::CocoImage& {
    const auto [place, fresh] = places.try_emplace(id, images.size());
    if (fresh) images.emplace_back();
    return images[place->second];
  };
  read_json_elements(text, where, {"images", "annotations"},
                     [&](const std::string& list, size_t number, const nlohmann::json& object) {
                       builder.attempt([&] {
                         const std::string place = concat(where, " ", list, " ", number);
                         JsonReader entry(object, place);
                         if (list == "annotations") {
                           auto caption = entry.get<std::string>("caption");
                           detail::CocoImage& image = image_of(entry.get<int64_t>("image_id"));
                           if (image.where.empty()) image.where = place;
                           image.captions.emplace_back(trimmed(caption));
                           return;
                         }
                         auto name = entry.get<std::string>("file_name");
                         check(!name.empty(), "dataset", place, ": the file name is empty");
                         detail::CocoImage& image = image_of(entry.get<int64_t>("id"));
                         check(image.file_name.empty(), "dataset", place, ": the image id ",
                               entry.get<int64_t>("id"), " is there twice");
                         image.file_name = std::move(name);
                         image.where = place;
                       });
                     });
  for (detail::CocoImage& image : images)
    builder.attempt([&] {
      check(!image.file_name.empty(), "dataset", image.where, ": its image is not in the list \"images\"");
      Record record;
      record.key = without_ending(image.file_name);
      record.picture = {PictureForm::file, source, image.file_name, 0, 0};
      record.captions = std::move(image.captions);
      record.split = split;
      builder.add(image.where, std::move(record));
    });
}

T2UE_INLINE std::vector<std::filesystem::path> find_coco_captions(const std::filesystem::path& path) {
  return files_named(path, {"", "annotations"}, [](const std::string& name) {
    return name.starts_with("captions_") && name.ends_with(".json");
  });
}

T2UE_INLINE DatasetIndex read_coco(const std::filesystem::path& path, const DatasetOptions& options) {
  std::vector<std::filesystem::path> files = find_coco_captions(path);
  if (files.empty() && is_file(path)) files = {path};  // of another name
  check(!files.empty(), "dataset", path.string(), " has no captions_*.json, nor has its folder annotations");
  IndexBuilder builder("coco", options);
  for (const std::filesystem::path& file : files) {
    std::ifstream text(file, std::ios::binary);
    check(text.good(), "dataset", "cannot open ", file.string());
    const std::string stem = file.stem().string(), named = split_in_name(stem);
    const std::string folder = stem.starts_with("captions_") ? stem.substr(9) : stem;
    const uint32_t source = builder.source(file);  // place_pictures() puts the pictures' folder there
    parse_coco_captions(text, file.string(), builder.split(named.empty() ? "all" : named), source, builder);
    place_pictures(builder, source, file, {folder, "images/" + folder, "images"});
  }
  builder.check_files();
  return builder.take(path);
}

}  // namespace t2ue
