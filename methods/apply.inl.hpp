#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/image_codec.hpp>
#include <t2ue/methods/apply.hpp>
#include <t2ue/methods/manifest.hpp>

namespace t2ue {

namespace detail {

inline constexpr const char* apply_format = "t2ue-apply";

/// Where the stored pixel (y, x) of a height x width picture is shown, as (row, column) of the upright
/// picture. EXIF names the sides at which stored row 0 and stored column 0 are shown.
inline std::pair<int, int> displayed_at(int orientation, int height, int width, int y, int x) {
  const int bottom_up = height - 1 - y;
  const int right_left = width - 1 - x;
  switch (orientation) {
    case 2:
      return {y, right_left};  // row 0 at the top, column 0 at the right
    case 3:
      return {bottom_up, right_left};  // bottom, right
    case 4:
      return {bottom_up, x};  // bottom, left
    case 5:
      return {x, y};  // left, top
    case 6:
      return {x, bottom_up};  // right, top
    case 7:
      return {right_left, bottom_up};  // right, bottom
    case 8:
      return {right_left, y};  // left, bottom
    default:
      return {y, x};  // top, left
  }
}

inline std::filesystem::path real_path(const std::filesystem::path& path) {
  std::error_code code;
  auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), code);
  check(!code, "apply", "cannot follow the path ", path, ": ", code.message());
  return real;
}

/// Whether `inner` is `outer` or lies below it.
inline bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const auto [end, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end() || (end->empty() && std::next(end) == outer.end());
}

/// Removes what an earlier apply_folder wrote; leaves an absent or empty folder alone; refuses anything else.
inline void clear_earlier_output(const std::filesystem::path& out, const std::filesystem::path& pictures,
                                 const std::filesystem::path& noise_folder) {
  std::error_code code;
  if (!std::filesystem::is_directory(out, code) || std::filesystem::is_empty(out, code)) return;
  for (const auto& input : {pictures, noise_folder})
    check(!lies_in(real_path(input), real_path(out)), "apply", "the output folder ", out, " holds the input ",
          input, "; choose another");
  const std::filesystem::path marker = out / "apply.json";
  nlohmann::json json;
  if (std::filesystem::is_regular_file(marker, code))
    json = nlohmann::json::parse(read_text(marker), nullptr, false);
  check(json.is_object() && json.contains("format") && json["format"] == apply_format, "apply", "the folder ",
        out, " was not made by apply and is not overwritten; remove it or choose another");
  std::filesystem::remove_all(out, code);
  check(!code, "apply", "cannot remove ", out, ": ", code.message());
}

/// The picture's old path with the format's ending; the old ending stays inside if the name is taken.
inline std::filesystem::path output_name(const std::filesystem::path& picture, const char* ending,
                                         std::unordered_set<std::string>& taken) {
  std::filesystem::path name = picture.lexically_normal();
  name.replace_extension(ending);
  if (!taken.contains(name.generic_string())) return *taken.insert(name.generic_string()).first;
  name = picture.lexically_normal();
  do name += ending;
  while (!taken.insert(name.generic_string()).second);
  return name;
}

}  // namespace detail

T2UE_INLINE Image apply_noise(const Image& picture, const Noise& noise, Resampler resampler) {
  check_image(picture);
  const int orientation = picture.orientation;
  check(orientation >= 1 && orientation <= 8, "apply", "the orientation ", orientation, " is outside 1..8");
  const bool turned = orientation >= 5;
  const Noise upright = turned ? resample_noise(noise, picture.width, picture.height, resampler)
                               : resample_noise(noise, picture.height, picture.width, resampler);
  Image result = picture;
  uint8_t* pixel = result.pixels.data();
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x, pixel += picture.channels) {
      const auto [row, column] = detail::displayed_at(orientation, picture.height, picture.width, y, x);
      const int8_t* step =
          upright.steps.data() +
          (static_cast<size_t>(row) * static_cast<size_t>(upright.width) + static_cast<size_t>(column)) * 3;
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>(std::clamp(pixel[c] + step[c], 0, 255));
    }
  return result;
}

T2UE_INLINE Survival& Survival::operator+=(const Survival& other) {
  along += other.along;
  energy += other.energy;
  return *this;
}

T2UE_INLINE double Survival::share() const {
  return energy > 0 ? along / energy : 1.0;
}

T2UE_INLINE Survival survival_of(const Image& original, const Image& protected_picture,
                                 const Image& decoded) {
  for (const Image* image : {&original, &protected_picture, &decoded}) {
    check_image(*image);
    check(image->height == original.height && image->width == original.width, "apply", "a picture of ",
          image->height, " x ", image->width, " cannot be compared with one of ", original.height, " x ",
          original.width);
  }
  Survival survival;
  const size_t count = static_cast<size_t>(original.height) * static_cast<size_t>(original.width);
  const auto value = [](const Image& image, size_t i, size_t c) {
    return int{image.pixels[i * static_cast<size_t>(image.channels) + c]};
  };
  for (size_t i = 0; i < count; ++i)
    for (size_t c = 0; c < 3; ++c) {
      const int change = value(protected_picture, i, c) - value(original, i, c);
      survival.along += (value(decoded, i, c) - value(original, i, c)) * change;
      survival.energy += change * change;
    }
  return survival;
}

T2UE_INLINE nlohmann::json to_json(const ApplySummary& summary) {
  nlohmann::json json = {{"applied", summary.applied},
                         {"skipped", summary.skipped},
                         {"eps_steps", summary.eps_steps},
                         {"resampler", name_of(summary.resampler)},
                         {"surviving_share", nullptr}};
  if (summary.surviving_share) json["surviving_share"] = *summary.surviving_share;
  return json;
}

T2UE_INLINE PictureList read_picture_list(const std::filesystem::path& folder_or_list) {
  std::error_code code;
  const bool folder = std::filesystem::is_directory(folder_or_list, code);
  const std::filesystem::path file = folder ? folder_or_list / "pairs.jsonl" : folder_or_list;
  PictureList list{read_pairs(file), file.parent_path()};
  for (const Pair& pair : list.pairs)
    check(!pair.picture.empty(), "apply", file, ": \"", pair.key, "\" has no picture");
  return list;
}

T2UE_INLINE ApplySummary apply_folder(const std::filesystem::path& pictures,
                                      const std::filesystem::path& noise_folder,
                                      const std::filesystem::path& out, const ApplyOptions& options) {
  const bool lossy = options.format == PictureFormat::jpeg;
  check(!lossy || options.allow_lossy, "apply",
        "JPEG changes the noise; save PNG or WebP, or allow lossy output (--allow-lossy)");
  check(options.jpeg_quality >= 1 && options.jpeg_quality <= 100, "apply", "a JPEG quality of ",
        options.jpeg_quality, " is outside 1..100");
  const PictureList list = read_picture_list(pictures);
  const NoiseManifest manifest = read_noise_manifest(noise_folder);
  std::unordered_map<std::string_view, const NoiseEntry*> entries;
  for (const NoiseEntry& entry : manifest.items) entries.emplace(entry.key, &entry);
  for (const Pair& pair : list.pairs)
    check(entries.contains(pair.key), "apply", "the noise folder ", noise_folder, " has no noise for \"",
          pair.key, '"');

  ApplySummary summary;
  summary.eps_steps = manifest.recipe.eps_steps;
  summary.resampler = options.resampler.value_or(manifest.recipe.resampler);
  if (options.overwrite) detail::clear_earlier_output(out, pictures, noise_folder);
  PairsFolderWriter writer(out);
  const nlohmann::ordered_json marker = {{"format", detail::apply_format},
                                         {"noise_sha256", sha256_file(noise_folder / "manifest.jsonl")},
                                         {"eps_steps", summary.eps_steps},
                                         {"resampler", name_of(summary.resampler)},
                                         {"lossy", lossy}};
  write_file(out / "apply.json", marker.dump() + "\n");

  constexpr std::array<const char*, 3> endings = {".png", ".webp", ".jpg"};
  const char* ending = endings.at(static_cast<size_t>(options.format));
  std::unordered_set<std::string> taken;
  Survival survival;
  size_t done = 0;
  for (const Pair& pair : list.pairs) {
    const Noise noise = read_noise(noise_folder, manifest.recipe, *entries.at(pair.key));
    std::vector<uint8_t> bytes;
    try {
      const Image original = load_image(list.folder / pair.picture);
      const Image result = apply_noise(original, noise, summary.resampler);
      bytes = options.format == PictureFormat::png    ? encode_png(result)
              : options.format == PictureFormat::webp ? encode_webp_lossless(result)
                                                      : encode_jpeg(result, options.jpeg_quality);
      if (lossy) survival += survival_of(original, result, decode_image(bytes));
    } catch (const Error& error) {
      const std::string why = concat("the picture ", pair.picture, " of \"", pair.key, "\": ", error.what());
      check(options.skip_bad, "apply", why, "; repair it, or leave bad pictures out (--skip-bad)");
      summary.skipped.push_back(why);
    }
    if (!bytes.empty()) {
      Pair saved = pair;
      saved.picture = detail::output_name(pair.picture, ending, taken);
      writer.add(saved, bytes);
      ++summary.applied;
    }
    if (options.progress) options.progress(++done, list.pairs.size());
  }
  check(summary.applied > 0, "apply", "none of the ", list.pairs.size(),
        " pictures could be protected; the first: ", summary.skipped.empty() ? "" : summary.skipped.front());
  writer.commit();
  if (lossy) summary.surviving_share = survival.share();
  return summary;
}

}  // namespace t2ue
