#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/records/caption_pictures.hpp>
#include <t2ue/data/records/json_elements.hpp>
#include <t2ue/data/records/karpathy.hpp>

namespace t2ue {

T2UE_INLINE void parse_karpathy(std::istream& text, const std::string& where, IndexBuilder& builder) {
  const uint32_t source = builder.source({});
  read_json_elements(
      text, where, {"images"}, [&](const std::string&, size_t number, const nlohmann::json& object) {
        builder.attempt([&] {
          const std::string place = concat(where, " image ", number);
          JsonReader image(object, place);
          const auto name = image.get<std::string>("filename");
          const auto folder = image.get<std::string>("filepath", "");
          Record record;
          record.key = without_ending(name);
          record.picture = {PictureForm::file, source, folder.empty() ? name : folder + "/" + name, 0, 0};
          record.split = builder.split(image.get<std::string>("split"));
          const auto sentences = image.get<nlohmann::json>("sentences");
          check(sentences.is_array(), "dataset", place, ": \"sentences\" is not a list");
          for (const nlohmann::json& sentence : sentences)
            record.captions.emplace_back(
                trimmed(JsonReader(sentence, place + " sentence").get<std::string>("raw")));
          builder.add(place, std::move(record));
        });
      });
}

T2UE_INLINE std::filesystem::path find_karpathy(const std::filesystem::path& path) {
  const auto found = files_named(path, {"", "annotations"}, [](const std::string& name) {
    return name.starts_with("dataset") && name.ends_with(".json");
  });
  return found.empty() ? std::filesystem::path() : found.front();
}

T2UE_INLINE DatasetIndex read_karpathy(const std::filesystem::path& path, const DatasetOptions& options) {
  std::filesystem::path file = find_karpathy(path);
  if (file.empty() && is_file(path)) file = path;  // of another name, by --format
  check(!file.empty(), "dataset", path.string(), " has no dataset*.json of Karpathy's");
  std::ifstream text(file, std::ios::binary);
  check(text.good(), "dataset", "cannot open ", file.string());
  IndexBuilder builder("karpathy", options);
  parse_karpathy(text, file.string(), builder);
  place_pictures(builder, builder.source({}), file, flickr_folder_names());
  builder.check_files();
  return builder.take(file);
}

}  // namespace t2ue
