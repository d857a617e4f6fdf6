#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/noise/noise_shards.hpp>

namespace t2ue {
namespace detail {

inline constexpr const char* shard_folder_format = "t2ue-noise-shards";
inline constexpr const char* shard_format = "t2ue-noise-shard";
inline constexpr int64_t most_shard_items = 1'000'000;

/// U8 [n, width] of a chunk.
inline std::span<const std::byte> rows_of_bytes(const SafetensorsFile& file, const std::string& name,
                                                size_t n, int64_t width, const std::string& where) {
  const SafetensorsView& view = file.at(name);
  check(
      view.dtype == SafetensorsType::U8 && view.shape == std::vector<int64_t>{static_cast<int64_t>(n), width},
      "shards", where, ": \"", name, "\" is not U8 [", n, ", ", width, "]");
  return view.bytes;
}

/// Throws Error unless the file is a chunk.
inline void check_chunk(const SafetensorsFile& file, const std::string& where) {
  const auto format = file.metadata().find("format");
  check(format != file.metadata().end() && format->second == shard_format, "shards", where,
        " is no shard of noise");
}

/// A row of 32 bytes as an array.
inline std::array<uint8_t, 32> digest_at(std::span<const std::byte> rows, size_t item) {
  std::array<uint8_t, 32> digest;
  std::memcpy(digest.data(), rows.data() + item * 32, 32);
  return digest;
}

}  // namespace detail

T2UE_INLINE void check_shard_recipe(const ShardRecipe& recipe) {
  check_noise_recipe(recipe.noise);
  check(recipe.shard_items >= 1 && recipe.shard_items <= detail::most_shard_items, "shards", "chunks of ",
        recipe.shard_items, " items are outside 1..", detail::most_shard_items);
  check(!recipe.files.empty() && recipe.files.size() <= 1'000'000, "shards", "there are ",
        recipe.files.size(), " caption files, outside 1..1000000");
  check(recipe.noise.per != NoisePer::all_captions, "shards",
        "captions are read one by one; noise from all of a picture's captions is not made in shards");
  for (const std::string& name : recipe.files)
    check(valid_utf8(name), "shards", "the name of a caption file is not UTF-8");
}

T2UE_INLINE nlohmann::ordered_json to_json(const ShardRecipe& recipe) {
  nlohmann::ordered_json json = to_json(recipe.noise);
  json["format"] = detail::shard_folder_format;
  json["latent"] = name_of(recipe.latent);
  json["shard_items"] = recipe.shard_items;
  json["manifest_only"] = recipe.manifest_only;
  json["files"] = recipe.files;
  return json;
}

T2UE_INLINE ShardRecipe shard_recipe_from_json(const nlohmann::json& json) {
  try {
    check(json.at("format") == detail::shard_folder_format, "shards", "this is no recipe of noise shards");
    ShardRecipe recipe;
    recipe.noise = noise_recipe_from_json(json);
    recipe.latent = kind_named<LatentSharing>(json.at("latent").get<std::string>());
    check(json.at("shard_items").is_number_unsigned(), "shards", "the number of items a chunk is none");
    recipe.shard_items = json.at("shard_items").get<int64_t>();
    recipe.manifest_only = json.at("manifest_only").get<bool>();
    recipe.files = json.at("files").get<std::vector<std::string>>();
    check_shard_recipe(recipe);
    return recipe;
  } catch (const nlohmann::json::exception& error) {
    fail("shards", "the recipe is damaged: ", error.what());
  }
}

T2UE_INLINE ShardRecipe read_shard_recipe(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "recipe.json";
  try {
    const nlohmann::json json = nlohmann::json::parse(read_text(path, 1 << 28), nullptr, false);
    check(json.is_object(), "shards", "it is not a JSON object");
    return shard_recipe_from_json(json);
  } catch (const Error& error) {
    fail("shards", path.string(), ": ", error.what());
  }
}

T2UE_INLINE void check_same_recipe(const std::filesystem::path& folder, const ShardRecipe& begun,
                                   const ShardRecipe& wanted) {
  const nlohmann::ordered_json before = to_json(begun), now = to_json(wanted);
  check(begun.files.size() == wanted.files.size(), "shards", "the folder ", folder.string(),
        " was begun with ", begun.files.size(), " caption files, not ", wanted.files.size(),
        "; choose another folder");
  for (const auto& [name, value] : before.items()) {
    if (name == "files") continue;
    check(now.at(name) == value, "shards", "the folder ", folder.string(), " was begun with ", name, " ",
          value.dump(), ", not ", now.at(name).dump(), "; ask for the same again, or choose another folder");
  }
  for (size_t i = 0; i < begun.files.size(); ++i)
    check(begun.files[i] == wanted.files[i], "shards", "caption file ", i, " of the folder ", folder.string(),
          " is ", begun.files[i], ", not ", wanted.files[i], "; choose another folder");
}

T2UE_INLINE std::filesystem::path chunk_path(const std::filesystem::path& folder, uint32_t source,
                                             uint32_t chunk) {
  return folder / fmt::format("{:06}/{:06}.safetensors", source, chunk);
}

T2UE_INLINE std::string captions_sha256(std::span<const NoiseItem> items) {
  Sha256 hash;
  for (const NoiseItem& item : items)
    for (const std::string* text : {&item.key, &item.caption}) {
      const auto bytes = static_cast<uint32_t>(text->size());
      hash.update(&bytes, sizeof bytes).update(*text);
    }
  return hash.hex();
}

T2UE_INLINE void write_chunk(const std::filesystem::path& path, const ShardRecipe& recipe,
                             std::span<const NoiseItem> items, NoiseMemory* memory) {
  const auto n = static_cast<int64_t>(items.size());
  const std::map<std::string, std::string> metadata{{"format", detail::shard_format},
                                                    {"captions_sha256", captions_sha256(items)}};
  if (recipe.manifest_only) {
    std::vector<KeyHash> hashes;
    for (const NoiseItem& item : items) hashes.push_back(key_hash(item.key));
    SafetensorsStream file(path, {{"key_hash", SafetensorsType::U8, {n, 16}}}, metadata);
    file.write(std::as_bytes(std::span(hashes)));
    return file.commit();
  }
  std::string keys;
  std::vector<int64_t> ends;
  std::vector<std::array<uint8_t, 32>> captions, noises;
  for (const NoiseItem& item : items) {
    keys += item.key;
    ends.push_back(static_cast<int64_t>(keys.size()));
    captions.push_back(Sha256().update(item.caption).digest());
  }
  SafetensorsStream file(path,
                         {{"key_ends", SafetensorsType::I64, {n}},
                          {"keys", SafetensorsType::U8, {static_cast<int64_t>(keys.size())}},
                          {"caption_sha256", SafetensorsType::U8, {n, 32}},
                          {"noise", SafetensorsType::I8, {n, recipe.noise.height, recipe.noise.width, 3}},
                          {"noise_sha256", SafetensorsType::U8, {n, 32}}},
                         metadata);
  file.write(std::as_bytes(std::span(ends)));
  file.write(std::as_bytes(std::span(keys)));
  file.write(std::as_bytes(std::span(captions)));
  constexpr size_t at_a_time = 64;
  for (size_t from = 0; from < items.size(); from += at_a_time) {
    const auto part = items.subspan(from, std::min(at_a_time, items.size() - from));
    for (const MadeNoise* made : memory->make(part)) {
      check(max_step(made->noise) <= recipe.noise.eps_steps, "shards", "the noise of \"",
            items[noises.size()].key, "\" has a step of ", max_step(made->noise), ", but eps is ",
            recipe.noise.eps_steps);
      file.write(std::as_bytes(std::span(made->noise.steps)));
      noises.push_back(made->sha256);
    }
  }
  file.write(std::as_bytes(std::span(noises)));
  file.commit();
}

T2UE_INLINE std::string read_captions_sha256(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  detail::check_chunk(file, path.string());
  const auto found = file.metadata().find("captions_sha256");
  check(found != file.metadata().end(), "shards", path.string(), " does not say of which captions it is");
  return found->second;
}

T2UE_INLINE std::vector<KeyHash> read_key_hashes(const std::filesystem::path& path,
                                                 const ShardRecipe& recipe) {
  if (!recipe.manifest_only) {
    const NoiseShard shard(path, recipe.noise);
    std::vector<KeyHash> hashes;
    for (size_t item = 0; item < shard.count(); ++item) hashes.push_back(key_hash(shard.key(item)));
    return hashes;
  }
  const SafetensorsFile file(path);
  detail::check_chunk(file, path.string());
  const SafetensorsView& view = file.at("key_hash");
  const auto rows = detail::rows_of_bytes(file, "key_hash", view.bytes.size() / 16, 16, path.string());
  std::vector<KeyHash> hashes(rows.size() / 16);
  if (!hashes.empty()) std::memcpy(hashes.data(), rows.data(), rows.size());
  return hashes;
}

T2UE_INLINE NoiseShard::NoiseShard(SafetensorsFile file, const NoiseRecipe& recipe, std::string name)
    : file_(std::move(file)),
      name_(std::move(name)),
      height_(recipe.height),
      width_(recipe.width),
      eps_steps_(recipe.eps_steps) {
  detail::check_chunk(file_, name_);
  const SafetensorsView& ends = file_.at("key_ends");
  check(ends.shape.size() == 1, "shards", name_, ": \"key_ends\" is not a list");
  ends_ = ends.values<int64_t>();
  const SafetensorsView& keys = file_.at("keys");
  check(keys.dtype == SafetensorsType::U8, "shards", name_, ": \"keys\" are not bytes");
  keys_ = keys.bytes;
  int64_t reached = 0;
  for (const int64_t end : ends_) {
    check(end > reached && static_cast<uint64_t>(end) <= keys_.size(), "shards", name_,
          ": a key ends at byte ", end, ", behind ", reached, " of ", keys_.size());
    reached = end;
  }
  check(static_cast<size_t>(reached) == keys_.size(), "shards", name_, ": ",
        keys_.size() - static_cast<size_t>(reached), " bytes belong to no key");
  const size_t n = ends_.size();
  captions_ = detail::rows_of_bytes(file_, "caption_sha256", n, 32, name_);
  digests_ = detail::rows_of_bytes(file_, "noise_sha256", n, 32, name_);
  const SafetensorsView& noise = file_.at("noise");
  check(noise.dtype == SafetensorsType::I8 &&
            noise.shape == std::vector<int64_t>{static_cast<int64_t>(n), height_, width_, 3},
        "shards", name_, ": \"noise\" is not I8 [", n, ", ", height_, ", ", width_, ", 3]");
  noises_ = noise.bytes;
}

T2UE_INLINE std::string_view NoiseShard::key(size_t item) const {
  check(item < count(), "shards", name_, " has ", count(), " items, not one of number ", item);
  const int64_t from = item == 0 ? 0 : ends_[item - 1];
  return {reinterpret_cast<const char*>(keys_.data()) + from, static_cast<size_t>(ends_[item] - from)};
}

T2UE_INLINE std::string NoiseShard::caption_sha256(size_t item) const {
  check(item < count(), "shards", name_, " has ", count(), " items, not one of number ", item);
  return to_hex(detail::digest_at(captions_, item));
}

T2UE_INLINE Noise NoiseShard::noise(size_t item) const {
  check(item < count(), "shards", name_, " has ", count(), " items, not one of number ", item);
  const size_t bytes = static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3;
  Noise noise{height_, width_, std::vector<int8_t>(bytes)};
  std::memcpy(noise.steps.data(), noises_.data() + item * bytes, bytes);
  check(noise_digest(noise) == detail::digest_at(digests_, item), "shards", name_, ": the noise of \"",
        key(item), "\" is not the one that its checksum was taken of");
  check(max_step(noise) <= eps_steps_, "shards", name_, ": the noise of \"", key(item), "\" has a step of ",
        max_step(noise), ", but eps is ", eps_steps_);
  return noise;
}

}  // namespace t2ue
