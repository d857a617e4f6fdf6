// Adding noise to pictures: needs no model, only the noise folder. The other half of the promise, that making
// noise needs no picture, is in manifest.hpp and shard_job.hpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

/// The picture plus the noise. The noise is for the upright picture: it is brought to the displayed size
/// (noise_for_picture(): pass the side that models resize pictures to wherever noise is tiled),
/// turned into the stored orientation (EXIF 1..8), added as whole steps, and the sum is cut to 0..255 (the
/// noise itself never is, so negative steps act). Alpha, ICC and EXIF stay. Throws Error for a malformed
/// picture or noise.
Image apply_noise(const Image& picture, const Noise& noise, Resampler resampler, int image_size = 0);

/// What a lossy codec left of a change, told by its two sums over all RGB values: `along` of
/// (decoded - original) * change, `energy` of change * change, with change = protected - original.
struct Survival {
  double along = 0;
  double energy = 0;
  Survival& operator+=(const Survival& other);
  /// along / energy: 1 if all is left, 0 if nothing. For a codec that projects (drops frequencies) this is
  /// the share of the change's energy that is left; coarse rounding can push it past 1. 1 for no change.
  double share() const;
};

/// Throws Error unless the three pictures have the same size; alpha is not looked at.
Survival survival_of(const Image& original, const Image& protected_picture, const Image& decoded);

/// The files that apply_folder writes; lossless but for JPEG.
enum class PictureFormat { png, webp, jpeg };

struct ApplyOptions {
  PictureFormat format = PictureFormat::png;
  std::optional<Resampler> resampler;  ///< instead of the manifest's
  std::optional<int> image_size;  ///< instead of the manifest's; 0: noise is brought to a picture's own size
  bool overwrite = false;         ///< replace an output folder that an earlier apply_folder made
  bool skip_bad = false;          ///< leave out pictures that cannot be read or saved, and count them
  bool allow_lossy = false;       ///< without it JPEG is refused
  int jpeg_quality = 95;          ///< 1..100
  std::vector<std::filesystem::path> inputs;  ///< more that `overwrite` must not remove: a caption file, say
  /// What is published in place of a caption of the picture with that key; none: the caption.
  std::function<std::string(const std::string& key, const std::string& caption)> caption;
  std::function<void(size_t done, size_t total)> progress;  ///< after every picture
};

struct ApplySummary {
  size_t applied = 0;
  std::vector<std::string> skipped;  ///< why, one text for each bad picture
  int eps_steps = 0;                 ///< the manifest's budget
  Resampler resampler = Resampler::nearest;
  int image_size = 0;
  std::optional<double> surviving_share;  ///< JPEG only: Survival::share over all pictures
};
nlohmann::json to_json(const ApplySummary& summary);

/// Protects every picture of `pictures` with its key's noise from `noise_folder` (see NoiseLookup) and writes
/// the pairs folder `out`: same keys, captions (unless `caption` has others) and labels; pictures under their
/// old names (those of a binary under their keys) with the format's ending; `apply.json` tells that the
/// folder is ours; pairs.jsonl comes last. Where each caption has a noise of its own, each picture is written
/// once a caption, under caption_key() and with that caption. Originals are never written to. Throws Error
/// before anything is written if a key has no noise or is there twice, `out` is there and not empty (with
/// `overwrite`: not made by apply_folder, or holding the inputs), or JPEG is not allowed; and at the first
/// bad picture, naming it, unless skip_bad.
ApplySummary apply_folder(const DatasetIndex& pictures, const std::filesystem::path& noise_folder,
                          const std::filesystem::path& out, const ApplyOptions& options = {});

/// The same for the data set at a path, in any form that open_dataset() knows.
ApplySummary apply_folder(const std::filesystem::path& pictures, const std::filesystem::path& noise_folder,
                          const std::filesystem::path& out, const ApplyOptions& options = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/apply.inl.hpp>
#endif
