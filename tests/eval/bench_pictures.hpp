// What tests of the benchmark runner share: pictures of 8x8 in four classes, and models that learn them.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/text/captions.hpp>

namespace t2ue::testing_bench {

inline const char* const words[] = {"dog", "cat", "bird", "fish"};

/// A value of a picture of class `label`: its byte `p`, with what is random in it.
using PixelOf = std::function<uint32_t(uint32_t label, uint32_t p, Random& random)>;

/// `count` pictures, classes in turn, with captions by class and number.
inline void write_pictures(const std::filesystem::path& folder, int count, uint64_t seed,
                           const PixelOf& pixel,
                           const std::function<std::vector<std::string>(const std::string&, int)>& captions) {
  PairsFolderWriter writer(folder);
  Random random(seed, Purpose::test);
  for (int i = 0; i < count; ++i) {
    const auto label = static_cast<uint32_t>(i % 4);
    Image image{8, 8, 3, {}, {}, {}, 1};
    for (uint32_t p = 0; p < 8 * 8 * 3; ++p)
      image.pixels.push_back(static_cast<uint8_t>(pixel(label, p, random)));
    const std::string key = concat(folder.filename().string(), i);
    writer.add({key, key + ".png", captions(words[label], i), words[label]}, encode_png(image));
  }
  writer.commit();
}

inline nlohmann::json tiny_model(bool classes) {
  if (classes) return {{"widths", {8}}, {"blocks", {1}}};
  return {
      {"embed_dim", 8},
      {"vision_cfg", {{"image_size", 8}, {"widths", {8}}, {"blocks", {1}}}},
      {"text_cfg", {{"context_length", 6}, {"vocab_size", 300}, {"width", 16}, {"heads", 1}, {"layers", 1}}}};
}

/// A plan on the folders train and test: clean pictures and random signs.
inline nlohmann::json tiny_plan(bool classes, const nlohmann::json& recipe) {
  return {{"title", "tiny"},
          {"task", classes ? "classes" : "image-text"},
          {"data", {{"train", "train"}, {"test", "test"}, {"validation_share", 0.25}, {"size", 8}}},
          {"victims", {{{"name", "v"}, {"model", tiny_model(classes)}, {"recipe", recipe}}}},
          {"methods", {{{"method", "clean"}}, {{"method", "random_sign"}}}}};
}

/// Files of trained generators and surrogates' noise in a store.
inline std::vector<std::filesystem::path> models_in(const std::filesystem::path& store) {
  std::vector<std::filesystem::path> models;
  for (const auto& entry : std::filesystem::directory_iterator(store / "models"))
    if (entry.path().extension() == ".safetensors") models.push_back(entry.path());
  return models;
}

}  // namespace t2ue::testing_bench
