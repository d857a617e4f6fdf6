#pragma once

#include <algorithm>
#include <list>
#include <unordered_map>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/noise/noise_lookup.hpp>
#include <t2ue/noise/noise_shards.hpp>
#include <t2ue/noise/shard_job.hpp>

namespace t2ue {

struct NoiseLookup::Form {
  virtual ~Form() = default;
  virtual bool has(const std::string& key) = 0;
  virtual Noise read(const std::string& key) = 0;
  NoiseRecipe recipe;
  std::string sha256;
};

/// A file for each noise.
struct NoiseLookup::Files final : Form {
  explicit Files(std::filesystem::path path) : folder(std::move(path)) {
    NoiseManifest manifest = read_noise_manifest(folder);
    recipe = manifest.recipe;
    sha256 = sha256_file(folder / "manifest.jsonl");
    for (NoiseEntry& entry : manifest.items) {
      std::string key = entry.key;
      entries.emplace(std::move(key), std::move(entry));
    }
  }
  bool has(const std::string& key) override { return entries.contains(key); }
  Noise read(const std::string& key) override {
    const auto found = entries.find(key);
    check(found != entries.end(), "noise", folder.string(), " has no noise for \"", key, '"');
    return read_noise(folder, recipe, found->second);
  }

  std::filesystem::path folder;
  std::unordered_map<std::string, NoiseEntry> entries;
};

/// Shards: the last few used stay open.
struct NoiseLookup::Shards final : Form {
  explicit Shards(std::filesystem::path path)
      : folder(std::move(path)), index(SafetensorsFile(checked(folder) / "keys.safetensors")) {
    recipe = read_shard_recipe(folder).noise;
    sha256 = sha256_file(folder / "manifest.json");
  }
  static const std::filesystem::path& checked(const std::filesystem::path& folder) {
    check_complete(folder);
    check(!read_shard_recipe(folder).manifest_only, "noise", folder.string(),
          " is only a manifest; make its noise with t2ue noise-shards --again ", folder.string());
    return folder;
  }

  bool has(const std::string& key) override { return index.find(key_hash(key)).has_value(); }

  Noise read(const std::string& key) override {
    const std::optional<KeyPlace> place = index.find(key_hash(key));
    check(place.has_value(), "noise", folder.string(), " has no noise for \"", key, '"');
    const NoiseShard& shard = shard_at(*place);
    check(place->item < shard.count() && shard.key(place->item) == key, "noise", folder.string(),
          "/keys.safetensors is damaged: where it says that \"", key,
          "\" lies, it does not; remove it and manifest.json, and run t2ue noise-shards again as before");
    return shard.noise(place->item);
  }

  const NoiseShard& shard_at(const KeyPlace& place) {
    constexpr size_t most_open = 8;
    const std::filesystem::path path = chunk_path(folder, place.source, place.chunk);
    const auto found =
        std::find_if(open.begin(), open.end(), [&](const auto& entry) { return entry.first == path; });
    if (found != open.end()) {
      open.splice(open.begin(), open, found);
    } else {
      open.emplace_front(path, NoiseShard(path, recipe));
      if (open.size() > most_open) open.pop_back();
    }
    return open.front().second;
  }

  std::filesystem::path folder;
  KeyIndex index;
  std::list<std::pair<std::filesystem::path, NoiseShard>> open;  // the last used first
};

T2UE_INLINE NoiseLookup::NoiseLookup(const std::filesystem::path& folder) {
  if (is_shard_folder(folder))
    form_ = std::make_unique<Shards>(folder);
  else
    form_ = std::make_unique<Files>(folder);
}
T2UE_INLINE NoiseLookup::~NoiseLookup() = default;
T2UE_INLINE const NoiseRecipe& NoiseLookup::recipe() const {
  return form_->recipe;
}
T2UE_INLINE const std::string& NoiseLookup::sha256() const {
  return form_->sha256;
}
T2UE_INLINE bool NoiseLookup::has(const std::string& key) const {
  return form_->has(key);
}
T2UE_INLINE Noise NoiseLookup::read(const std::string& key) {
  return form_->read(key);
}

}  // namespace t2ue
