#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue {

namespace detail {

inline constexpr const char* noise_format = "t2ue-noise";
inline constexpr int noise_version = 1;

inline bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A whole number that fits into an int, and nothing that nlohmann would convert to one.
inline int manifest_number(const nlohmann::json& value) {
  check(value.is_number_unsigned() && value.get<uint64_t>() <= 0x7FFFFFFF, "manifest", value.dump(),
        " is no whole number in range");
  return value.get<int>();
}

inline NoiseEntry noise_entry_from_json(const nlohmann::json& line, const NoiseRecipe& recipe) {
  NoiseEntry entry;
  entry.key = line.at("key").get<std::string>();
  entry.caption = line.value("caption", "");
  entry.caption_sha256 = line.at("caption_sha256").get<std::string>();
  entry.file = line.at("file").get<std::string>();
  entry.sha256 = line.at("sha256").get<std::string>();
  entry.max_step = manifest_number(line.at("max_step"));
  check(entry.file == noise_file_name(entry.key) + ".safetensors", "manifest", "the key \"", entry.key,
        "\" does not belong to the file \"", entry.file, '"');
  check(is_sha256_hex(entry.sha256) && is_sha256_hex(entry.caption_sha256), "manifest", "a SHA-256 of \"",
        entry.key, "\" is not one");
  check(!line.contains("caption") || sha256_hex(entry.caption) == entry.caption_sha256, "manifest",
        "the caption of \"", entry.key, "\" is not the one that its SHA-256 was taken of");
  check(entry.max_step <= recipe.eps_steps, "manifest", "the noise of \"", entry.key, "\" has a step of ",
        entry.max_step, ", but eps is ", recipe.eps_steps);
  return entry;
}

inline NoiseManifest parse_noise_manifest(std::string_view text, const std::filesystem::path& path) {
  NoiseManifest manifest;
  std::unordered_set<std::string> keys;
  size_t number = 1;
  try {
    for (; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      check(end != std::string_view::npos, "manifest", "the last line is cut off");
      const nlohmann::json line = nlohmann::json::parse(text.substr(0, end));
      text.remove_prefix(end + 1);
      if (number == 1) {
        check(line.at("format") == noise_format, "manifest", "this is no manifest of noise");
        manifest.recipe = noise_recipe_from_json(line);
        continue;
      }
      manifest.items.push_back(noise_entry_from_json(line, manifest.recipe));
      check(keys.insert(manifest.items.back().key).second, "manifest", "the key \"",
            manifest.items.back().key, "\" comes twice");
    }
  } catch (const std::exception& error) {
    fail("manifest", path, ", line ", number, ": ", error.what());
  }
  check(!manifest.items.empty(), "manifest", path, " lists no noise");
  return manifest;
}

}  // namespace detail

T2UE_INLINE NoiseRecipe recipe_of(const NoiseSource& source, uint64_t seed, int height, int width) {
  NoiseRecipe recipe;
  recipe.method = source.card().name;
  recipe.seed = seed;
  recipe.eps_steps = source.card().max_steps();
  recipe.resampler = source.card().resampler;
  recipe.height = height;
  recipe.width = width;
  source.complete(recipe);
  return recipe;
}

T2UE_INLINE void check_noise_recipe(const NoiseRecipe& recipe) {
  check(!recipe.method.empty() && valid_utf8(recipe.method), "manifest", "the method has no valid name");
  check(recipe.eps_steps >= 1 && recipe.eps_steps <= max_eps_steps, "manifest", "eps of ", recipe.eps_steps,
        " steps is outside 1..", max_eps_steps);
  check(recipe.height > 0 && recipe.width > 0, "manifest", "the size ", recipe.height, " x ", recipe.width,
        " is not positive");
  check(recipe.image_size >= 0, "manifest", "an image size of ", recipe.image_size, " is below 0");
  check_noise_resampler("manifest", recipe.resampler);
  check(recipe.options.empty() ||
            nlohmann::json::parse(recipe.options, nullptr, /*allow_exceptions=*/false).is_object(),
        "manifest", "the options ", recipe.options, " are no JSON object");
  check(recipe.generator_sha256.empty() || detail::is_sha256_hex(recipe.generator_sha256), "manifest",
        "the generator's SHA-256 \"", recipe.generator_sha256, "\" is not one");
}

T2UE_INLINE nlohmann::ordered_json to_json(const NoiseRecipe& recipe) {
  nlohmann::ordered_json json{{"format", detail::noise_format},
                              {"version", detail::noise_version},
                              {"method", recipe.method},
                              {"generator_sha256", recipe.generator_sha256},
                              {"seed", recipe.seed},
                              {"eps_steps", recipe.eps_steps},
                              {"limiter", name_of(recipe.limiter)},
                              {"resampler", name_of(recipe.resampler)},
                              {"precision", name_of(recipe.precision)},
                              {"size", {recipe.height, recipe.width}},
                              {"per", name_of(recipe.per)}};
  if (recipe.image_size > 0) json["image_size"] = recipe.image_size;
  if (!recipe.options.empty()) json["options"] = nlohmann::ordered_json::parse(recipe.options);
  return json;
}

T2UE_INLINE NoiseRecipe noise_recipe_from_json(const nlohmann::json& json) {
  check(json.at("version") == detail::noise_version, "manifest", "this is version ",
        json.at("version").dump(), "; this program reads version ", detail::noise_version);
  NoiseRecipe recipe;
  recipe.method = json.at("method").get<std::string>();
  if (json.contains("options")) recipe.options = json.at("options").dump();
  recipe.generator_sha256 = json.at("generator_sha256").get<std::string>();
  check(json.at("seed").is_number_unsigned(), "manifest", "the seed is no whole number");
  recipe.seed = json.at("seed").get<uint64_t>();
  recipe.eps_steps = detail::manifest_number(json.at("eps_steps"));
  recipe.limiter = kind_named<Limiter>(json.at("limiter").get<std::string>());
  recipe.resampler = kind_named<Resampler>(json.at("resampler").get<std::string>());
  recipe.precision = kind_named<Precision>(json.at("precision").get<std::string>());
  check(json.at("size").size() == 2, "manifest", "the size is not [height, width]");
  recipe.height = detail::manifest_number(json.at("size").at(0));
  recipe.width = detail::manifest_number(json.at("size").at(1));
  if (json.contains("image_size")) recipe.image_size = detail::manifest_number(json.at("image_size"));
  recipe.per = kind_named<NoisePer>(json.value("per", "picture"));  // folders of version 0.1.0 do not say it
  check_noise_recipe(recipe);
  return recipe;
}

T2UE_INLINE std::string noise_file_name(std::string_view key) {
  constexpr size_t longest = 180;  // with ".safetensors.tmp-XXXXXX" below the 255 bytes of file systems
  check(!key.empty(), "manifest", "a key is empty");
  std::string name;
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    const bool inner_dot = c == '.' && i > 0 && i + 1 < key.size() && key[i - 1] != '.';
    if (plain || inner_dot) {
      name += c;
    } else {
      name += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  // '%' before a lower-case digit or letter of the hash comes from no byte: "%h" cannot be confused with
  // "%XX"
  if (name.size() > longest) name = name.substr(0, longest - 66) + "%h" + sha256_hex(key);
  return name;
}

T2UE_INLINE Image noise_picture(const Noise& noise, int eps_steps) {
  check_noise(noise);
  check(eps_steps >= 1 && eps_steps <= max_eps_steps && max_step(noise) <= eps_steps, "noise",
        "a noise with a step of ", max_step(noise), " cannot be shown at eps ", eps_steps);
  Image picture{noise.height, noise.width, 3, {}, {}, {}, 1};
  for (const int8_t step : noise.steps)
    picture.pixels.push_back(static_cast<uint8_t>(((step + eps_steps) * 255 + eps_steps) / (2 * eps_steps)));
  return picture;
}

T2UE_INLINE NoiseFolderWriter::NoiseFolderWriter(const std::filesystem::path& folder,
                                                 const NoiseRecipe& recipe, const Options& options)
    : folder_(folder), recipe_(recipe), options_(options) {
  check_noise_recipe(recipe);
  const std::filesystem::path manifest = folder / "manifest.jsonl";
  make_folder(folder);
  std::error_code code;
  const bool empty = std::filesystem::is_empty(folder, code);
  check(!code, "write", "cannot read the folder ", folder, ": ", code.message());
  if (!empty) {
    check(options.overwrite, "write", "the folder ", folder,
          " is already there and is not empty; remove it, choose another, or ask to overwrite it");
    (void)read_noise_manifest(folder);  // only a folder of ours is overwritten
    std::filesystem::remove(manifest, code);
    check(!code, "write", "cannot remove ", manifest, ": ", code.message());
  }
  manifest_ = std::make_unique<AtomicFile>(manifest);
  manifest_->write(to_json(recipe).dump() + "\n");
}

T2UE_INLINE void NoiseFolderWriter::add(const std::string& key, std::string_view caption,
                                        const Noise& noise) {
  check_noise(noise);
  check(valid_utf8(key) && valid_utf8(caption), "manifest", "the key or caption \"", key, "\" is not UTF-8");
  check(noise.height == recipe_.height && noise.width == recipe_.width, "manifest", "the noise of \"", key,
        "\" is ", noise.height, " x ", noise.width, ", not ", recipe_.height, " x ", recipe_.width);
  const int largest = max_step(noise);
  check(largest <= recipe_.eps_steps, "manifest", "the noise of \"", key, "\" has a step of ", largest,
        ", but eps is ", recipe_.eps_steps);
  const std::string name = noise_file_name(key);
  check(keys_.insert(key).second, "manifest", "the key \"", key, "\" was added before");

  SafetensorsWriter writer;
  writer.add<int8_t>("noise", {noise.height, noise.width, 3}, noise.steps);
  writer.save(folder_ / (name + ".safetensors"),
              {{"key", key}, {"method", recipe_.method}, {"eps_steps", std::to_string(recipe_.eps_steps)}},
              Durability::killed_process);
  if (options_.pictures)
    write_file(folder_ / (name + ".png"), encode_png(noise_picture(noise, recipe_.eps_steps)),
               Durability::killed_process);

  nlohmann::ordered_json line{{"key", key}};
  if (!options_.withhold_captions) line["caption"] = caption;
  line["caption_sha256"] = sha256_hex(caption);
  line["file"] = name + ".safetensors";
  line["sha256"] = sha256_of(noise);
  line["max_step"] = largest;
  manifest_->write(line.dump() + "\n");
}

T2UE_INLINE void NoiseFolderWriter::commit() {
  check(!keys_.empty(), "manifest", "no noise was added to ", folder_);
  manifest_->commit();
}

T2UE_INLINE NoiseManifest read_noise_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "manifest.jsonl";
  std::error_code code;
  check(std::filesystem::is_regular_file(path, code), "manifest", folder,
        " is no folder of noise, or its writing was interrupted: it has no manifest.jsonl");
  return detail::parse_noise_manifest(read_text(path), path);
}

T2UE_INLINE Noise read_noise(const std::filesystem::path& folder, const NoiseRecipe& recipe,
                             const NoiseEntry& entry) {
  const std::filesystem::path path = folder / entry.file;
  const SafetensorsFile file(path);
  const SafetensorsView& view = file.at("noise");
  check(view.shape == std::vector<int64_t>{recipe.height, recipe.width, 3}, "manifest", path,
        " has another size than the manifest's ", recipe.height, " x ", recipe.width);
  Noise noise{recipe.height, recipe.width, view.values<int8_t>()};
  check(sha256_of(noise) == entry.sha256, "manifest", path, " is not the noise that the manifest lists");
  check(max_step(noise) == entry.max_step, "manifest", path, " has a step of ", max_step(noise),
        ", but the manifest says ", entry.max_step);
  return noise;
}

T2UE_INLINE size_t distinct_deltas(const NoiseManifest& manifest) {
  std::unordered_set<std::string_view> seen;
  for (const NoiseEntry& entry : manifest.items) seen.insert(entry.sha256);
  return seen.size();
}

}  // namespace t2ue
