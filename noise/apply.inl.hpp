#pragma once

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/noise_lookup.hpp>

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
inline void clear_earlier_output(const std::filesystem::path& out, std::vector<std::filesystem::path> inputs,
                                 const std::vector<std::filesystem::path>& more,
                                 const std::filesystem::path& noise_folder) {
  std::error_code code;
  if (!std::filesystem::is_directory(out, code) || std::filesystem::is_empty(out, code)) return;
  inputs.insert(inputs.end(), more.begin(), more.end());
  inputs.push_back(noise_folder);
  for (const std::filesystem::path& input : inputs)
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

/// The keys of a record's noises: its own, or one a caption.
inline std::vector<std::string> noise_keys(const Record& record, bool each_caption) {
  if (!each_caption) return {record.key};
  std::vector<std::string> keys;
  for (size_t i = 0; i < record.captions.size(); ++i)
    keys.push_back(caption_key(record.key, static_cast<int64_t>(i) + 1));
  return keys;
}

/// Every picture has its noise, and no two have one key.
inline void check_keys(const DatasetIndex& pictures, const NoiseLookup& noises, bool each_caption,
                       const std::filesystem::path& noise_folder) {
  std::unordered_set<std::string_view> seen;
  for (const Record& record : pictures.records) {
    check(seen.insert(record.key).second, "apply", "two pictures have the key \"", record.key,
          "\"; choose one split");
    check(!each_caption || !record.captions.empty(), "apply", "\"", record.key,
          "\" has no caption, and the noises in ", noise_folder.string(), " are one a caption");
    for (const std::string& key : noise_keys(record, each_caption))
      check(noises.has(key), "apply", "the noise folder ", noise_folder.string(), " has no noise for \"", key,
            '"');
  }
}

inline std::vector<uint8_t> encode_as(const Image& picture, const ApplyOptions& options) {
  switch (options.format) {
    case PictureFormat::png:
      return encode_png(picture);
    case PictureFormat::webp:
      return encode_webp_lossless(picture);
    default:
      return encode_jpeg(picture, options.jpeg_quality);
  }
}

}  // namespace detail

T2UE_INLINE Image apply_noise(const Image& picture, const Noise& noise, Resampler resampler, int image_size) {
  check_image(picture);
  const int orientation = picture.orientation;
  check(orientation >= 1 && orientation <= 8, "apply", "the orientation ", orientation, " is outside 1..8");
  const bool turned = orientation >= 5;
  const Noise upright = noise_for_picture(noise, turned ? picture.width : picture.height,
                                          turned ? picture.height : picture.width, resampler, image_size);
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
  nlohmann::json json = {{"applied", summary.applied},       {"skipped", summary.skipped},
                         {"eps_steps", summary.eps_steps},   {"resampler", name_of(summary.resampler)},
                         {"image_size", summary.image_size}, {"surviving_share", nullptr}};
  if (summary.surviving_share) json["surviving_share"] = *summary.surviving_share;
  return json;
}

T2UE_INLINE ApplySummary apply_folder(const DatasetIndex& pictures, const std::filesystem::path& noise_folder,
                                      const std::filesystem::path& out, const ApplyOptions& options) {
  const bool lossy = options.format == PictureFormat::jpeg;
  check(!lossy || options.allow_lossy, "apply",
        "JPEG changes the noise; save PNG or WebP, or allow lossy output (--allow-lossy)");
  check(options.jpeg_quality >= 1 && options.jpeg_quality <= 100, "apply", "a JPEG quality of ",
        options.jpeg_quality, " is outside 1..100");
  NoiseLookup noises(noise_folder);
  const bool each = noises.recipe().per == NoisePer::caption;
  detail::check_keys(pictures, noises, each, noise_folder);

  ApplySummary summary;
  summary.skipped = pictures.bad.first;
  summary.eps_steps = noises.recipe().eps_steps;
  summary.resampler = options.resampler.value_or(noises.recipe().resampler);
  summary.image_size = options.image_size.value_or(noises.recipe().image_size);
  check(summary.image_size >= 0, "apply", "an image size of ", summary.image_size, " is below 0");
  if (options.overwrite) detail::clear_earlier_output(out, pictures.sources, options.inputs, noise_folder);
  PairsFolderWriter writer(out);
  const nlohmann::ordered_json marker = {{"format", detail::apply_format},
                                         {"noise_sha256", noises.sha256()},
                                         {"eps_steps", summary.eps_steps},
                                         {"resampler", name_of(summary.resampler)},
                                         {"image_size", summary.image_size},
                                         {"per", name_of(noises.recipe().per)},
                                         {"lossy", lossy}};
  write_file(out / "apply.json", marker.dump() + "\n");

  constexpr std::array<const char*, 3> endings = {".png", ".webp", ".jpg"};
  const char* ending = endings.at(static_cast<size_t>(options.format));
  std::unordered_set<std::string> taken;
  Survival survival;
  const PictureReader reader(pictures);
  for (size_t number = 0; number < pictures.records.size(); ++number) {
    const Record& record = pictures.records[number];
    const std::vector<std::string> keys = detail::noise_keys(record, each);
    std::vector<Noise> own;  // a damaged noise is no bad picture
    own.reserve(keys.size());
    for (const std::string& key : keys) own.push_back(noises.read(key));
    std::vector<std::vector<uint8_t>> encoded;
    try {
      const Image original = reader.read(number);
      for (const Noise& noise : own) {
        const Image result = apply_noise(original, noise, summary.resampler, summary.image_size);
        encoded.push_back(detail::encode_as(result, options));
        if (lossy) survival += survival_of(original, result, decode_image(encoded.back()));
      }
    } catch (const Error& error) {
      const std::string why =
          concat("the picture ", record.picture.name, " of \"", record.key, "\": ", error.what());
      check(options.skip_bad, "apply", why, "; repair it, or leave bad pictures out (--skip-bad)");
      summary.skipped.push_back(why);
      encoded.clear();
    }
    for (size_t i = 0; i < encoded.size(); ++i) {
      const std::string old = each || record.picture.name.empty() ? keys[i] + ".png" : record.picture.name;
      std::vector<std::string> captions = record.captions;
      if (each) captions = {record.captions[i]};
      if (options.caption)
        for (std::string& caption : captions) caption = options.caption(record.key, caption);
      writer.add({keys[i], detail::output_name(old, ending, taken), std::move(captions),
                  record.label < 0 ? "" : pictures.label_of(record)},
                 encoded[i]);
      ++summary.applied;
    }
    if (options.progress) options.progress(number + 1, pictures.records.size());
  }
  check(summary.applied > 0, "apply", "none of the ",
        pictures.records.size() + static_cast<size_t>(pictures.bad.count),
        " pictures could be protected; the first: ", summary.skipped.empty() ? "" : summary.skipped.front());
  writer.commit();
  if (lossy) summary.surviving_share = survival.share();
  return summary;
}

T2UE_INLINE ApplySummary apply_folder(const std::filesystem::path& pictures,
                                      const std::filesystem::path& noise_folder,
                                      const std::filesystem::path& out, const ApplyOptions& options) {
  DatasetOptions dataset;
  dataset.skip_bad = options.skip_bad;
  ApplyOptions all = options;
  all.inputs.push_back(pictures);
  return apply_folder(open_dataset(pictures, dataset), noise_folder, out, all);
}

}  // namespace t2ue
