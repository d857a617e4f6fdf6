// A folder of noise: `manifest.jsonl` says how it was made and lists the items; one safetensors file an item.
//
//   manifest.jsonl      line 1: {"format":"t2ue-noise","version":1,"method":...,"eps_steps":...,...}
//                       then one line an item: {"key","caption","caption_sha256","file","sha256","max_step"}
//   KEY.safetensors     the tensor "noise", I8 [height, width, 3], steps of 1/255
//   KEY.png             if asked for: the same to look at
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// What has a noise of its own: a picture, made from its first caption under the picture's key; each of its
/// captions, under caption_key(); or a picture, made from all its captions (joined_captions()).
enum class NoisePer : uint8_t { picture, caption, all_captions };

namespace detail {
template <>
struct KindNames<NoisePer> {
  static constexpr std::string_view what = "noise per";
  static constexpr std::array<std::string_view, 3> names = {"picture", "caption", "all-captions"};
};
}  // namespace detail

/// "KEY#2": the key of the noise of a picture's second caption.
inline std::string caption_key(const std::string& key, int64_t number) {
  return key + '#' + std::to_string(number);
}

/// How the noises of a folder were made: with the captions, enough to make them again bit for bit.
struct NoiseRecipe {
  std::string method;            ///< the card's name
  std::string options;           ///< those that it was given, a JSON object; empty if none
  std::string generator_sha256;  ///< of the generator's file; empty if the method has none
  uint64_t seed = 0;
  int eps_steps = 8;  ///< the budget in steps of 1/255, 1..127
  Limiter limiter = Limiter::none;
  Resampler resampler = Resampler::nearest;  ///< for bringing noise to a picture's size
  int height = 0;                            ///< of every noise
  int width = 0;
  int image_size =
      0;  ///< the side that models resize pictures to, as noise_for_picture() takes it; 0: not said
  Precision precision = Precision::fp32;  ///< what the generator computed in
  NoisePer per = NoisePer::picture;

  bool operator==(const NoiseRecipe&) const = default;
};

/// What the manifest of a source's noises of height x width says: of T2UE its generator with the seed of its
/// latents, of others the card's facts and `seed`, which they draw by.
NoiseRecipe recipe_of(const NoiseSource& source, uint64_t seed, int height, int width);

/// Throws Error for values out of range.
void check_noise_recipe(const NoiseRecipe& recipe);
nlohmann::ordered_json to_json(const NoiseRecipe& recipe);
/// Throws Error for what to_json() would not have written.
NoiseRecipe noise_recipe_from_json(const nlohmann::json& json);

/// One noise of a folder.
struct NoiseEntry {
  std::string key;
  std::string caption;         ///< empty if it was withheld
  std::string caption_sha256;  ///< of the caption, also where that was withheld
  std::string file;            ///< in the folder; always noise_file_name(key) + ".safetensors"
  std::string sha256;          ///< sha256_of the noise
  int max_step = 0;            ///< measured max|step|

  bool operator==(const NoiseEntry&) const = default;
};

/// The contents of manifest.jsonl.
struct NoiseManifest {
  NoiseRecipe recipe;
  std::vector<NoiseEntry> items;
};

/// A key as a file name without ending: ASCII letters, digits, '-', '_' and single inner '.' stay, other
/// bytes become %XX, and what would be longer than 180 bytes ends in the key's SHA-256. Different keys give
/// different names; none is empty, hidden, or holds a separator or "..". Throws Error for an empty key.
std::string noise_file_name(std::string_view key);

/// A noise to look at: (step + eps) / (2 eps) stretched over 0..255, so that mid grey is no change. Throws
/// Error if a step passes eps_steps.
Image noise_picture(const Noise& noise, int eps_steps);

/// Writes a noise folder: the files as they come, the manifest's name at the very end, so that a folder whose
/// writing was interrupted has none. Memory does not grow but by the keys. Not thread-safe.
class NoiseFolderWriter {
 public:
  struct Options {
    bool pictures = false;           ///< also write KEY.png
    bool withhold_captions = false;  ///< only record their SHA-256
    bool overwrite = false;          ///< replace the noise folder that is there: its manifest goes at once
  };
  /// Makes the folder. Throws Error for a recipe out of range; if the folder is there and not empty (with
  /// `overwrite`: and holds no manifest of ours); or if it cannot be written.
  NoiseFolderWriter(const std::filesystem::path& folder, const NoiseRecipe& recipe, const Options& options);
  NoiseFolderWriter(const std::filesystem::path& folder, const NoiseRecipe& recipe)
      : NoiseFolderWriter(folder, recipe, Options()) {}

  /// Throws Error naming the key if it was added before, if the noise has another size than the recipe says
  /// or passes eps, or if the caption is not UTF-8.
  void add(const std::string& key, std::string_view caption, const Noise& noise);
  /// Writes the manifest. Throws Error if nothing was added.
  void commit();

 private:
  std::filesystem::path folder_;
  NoiseRecipe recipe_;
  Options options_;
  std::unordered_set<std::string> keys_;
  std::unique_ptr<AtomicFile> manifest_;
};

/// Reads and checks `folder`/manifest.jsonl. Throws Error naming file and line for anything that the writer
/// would not have written: another format or version, values out of range, keys that come twice, foreign file
/// names.
NoiseManifest read_noise_manifest(const std::filesystem::path& folder);

/// Reads one noise of the folder and checks it against recipe and entry: size, SHA-256, max|step|.
Noise read_noise(const std::filesystem::path& folder, const NoiseRecipe& recipe, const NoiseEntry& entry);

/// How many different noises a manifest lists: 1 a class for class-wise noise, 1 an item for item-wise.
size_t distinct_deltas(const NoiseManifest& manifest);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/manifest.inl.hpp>
#endif
