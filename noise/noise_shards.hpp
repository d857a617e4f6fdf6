// Noise for captions by the million: a folder of shards, each whole or absent.
//
//   recipe.json                  how the noise is made, and from which files; written first
//   SSSSSS/CCCCCC.safetensors    chunk C of caption file S: a fixed number of items, the last one fewer
//   SSSSSS/end.json              how many chunks and items file S has; written when it was read to its end
//   keys.safetensors             where each key lies (KeyIndex); not with a manifest alone
//   manifest.json                the recipe and the totals; written last, so that only a whole folder has it
//   .lock, .lock-R-of-W          held by the processes that work on the folder
//
// A chunk is a safetensors file with the metadata {"format": "t2ue-noise-shard", "captions_sha256": ...}:
//   keys U8 [bytes], key_ends I64 [n]   the keys in a row, and where each ends
//   caption_sha256 U8 [n, 32]           SHA-256 of the captions
//   noise I8 [n, height, width, 3]      steps of 1/255
//   noise_sha256 U8 [n, 32]             noise_digest() of each
// or, with a manifest alone, only key_hash U8 [n, 16]: the captions and the generator make the rest again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/key_index.hpp>
#include <t2ue/noise/latent_sharing.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/noise/noise_memory.hpp>

namespace t2ue {

/// What decides every byte of a folder of shards, together with the captions.
struct ShardRecipe {
  NoiseRecipe noise;
  LatentSharing latent = LatentSharing::all;
  int64_t shard_items = 4096;      ///< in each chunk but a file's last, 1..1,000,000
  bool manifest_only = false;      ///< no noise: what is needed to make it again
  std::vector<std::string> files;  ///< the names of the caption files, without folders, in order
};
/// Throws Error for values out of range.
void check_shard_recipe(const ShardRecipe& recipe);
nlohmann::ordered_json to_json(const ShardRecipe& recipe);
/// Throws Error for anything that to_json() would not have written.
ShardRecipe shard_recipe_from_json(const nlohmann::json& json);
/// Reads `folder`/recipe.json. Throws Error naming the file.
ShardRecipe read_shard_recipe(const std::filesystem::path& folder);
/// Throws Error naming the first thing in which `wanted` differs from the recipe that `folder` was begun
/// with.
void check_same_recipe(const std::filesystem::path& folder, const ShardRecipe& begun,
                       const ShardRecipe& wanted);

/// Where chunk `chunk` of file `source` lies in the folder.
std::filesystem::path chunk_path(const std::filesystem::path& folder, uint32_t source, uint32_t chunk);

/// SHA-256 over keys and captions with their lengths: the identity of a chunk's captions.
std::string captions_sha256(std::span<const NoiseItem> items);

/// Writes a chunk of noises, or of key hashes if `recipe.manifest_only` (then `memory` is not used). Throws
/// Error if it cannot be written, or for a noise past the recipe's eps; then there is no such file.
void write_chunk(const std::filesystem::path& path, const ShardRecipe& recipe,
                 std::span<const NoiseItem> items, NoiseMemory* memory);

/// A chunk's identity, with which a half-done job tells whether its captions are still the same. Throws Error
/// if the file is damaged as a whole (its noises are not looked at).
std::string read_captions_sha256(const std::filesystem::path& path);

/// The hashes of a chunk's keys, in order.
std::vector<KeyHash> read_key_hashes(const std::filesystem::path& path, const ShardRecipe& recipe);

/// A chunk of noises, mapped into memory.
class NoiseShard {
 public:
  /// Throws Error naming `name` if the tensors are not what the recipe says.
  NoiseShard(SafetensorsFile file, const NoiseRecipe& recipe, std::string name);
  NoiseShard(const std::filesystem::path& path, const NoiseRecipe& recipe)
      : NoiseShard(SafetensorsFile(path), recipe, path.string()) {}

  size_t count() const { return ends_.size(); }
  std::string_view key(size_t item) const;
  std::string caption_sha256(size_t item) const;
  /// Throws Error if the noise is not the one that its checksum was taken of, or passes eps.
  Noise noise(size_t item) const;

 private:
  SafetensorsFile file_;
  std::string name_;
  int height_, width_, eps_steps_;
  std::vector<int64_t> ends_;
  std::span<const std::byte> keys_, captions_, noises_, digests_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/noise_shards.inl.hpp>
#endif
