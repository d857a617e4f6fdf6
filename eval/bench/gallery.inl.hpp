#pragma once

#include <algorithm>
#include <cmath>
#include <set>

#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/eval/bench/gallery.hpp>

namespace t2ue {

namespace detail {

inline std::vector<uint8_t> square_png(int size, std::vector<uint8_t> rgb) {
  return encode_png(Image{size, size, 3, std::move(rgb), {}, {}, 1});
}

/// Six decades of power below the strongest frequency, black to white.
inline std::vector<uint8_t> spectrum_png(const NoiseSpectrum& spectrum) {
  const double strongest = *std::max_element(spectrum.power.begin(), spectrum.power.end());
  std::vector<uint8_t> rgb;
  for (const double power : spectrum.power) {
    const double decades = power > 0 && strongest > 0 ? std::log10(power / strongest) : -6.0;
    const auto grey = static_cast<uint8_t>(std::lround(255 * std::clamp(1 + decades / 6, 0.0, 1.0)));
    rgb.insert(rgb.end(), 3, grey);
  }
  return square_png(spectrum.size, std::move(rgb));
}

}  // namespace detail

T2UE_INLINE NoiseSample noise_sample(const BenchData& data, const std::filesystem::path& published,
                                     size_t count) {
  const PairDataset& originals = data.train();
  NoiseSample sample;
  sample.size = originals.size;
  const std::vector<Pair> pairs = read_pairs_folder(published);
  for (size_t i = 0; i < std::min({count, pairs.size(), data.items().size()}); ++i) {
    const NoiseItem& item = data.items()[i];
    check(pairs[i].key == item.key, "bench", published, " is not in the order of the data");
    const Image picture = load_image(published / pairs[i].picture);
    const auto original = originals.picture(static_cast<int64_t>(i));
    check(picture.pixels.size() == original.size(), "bench", published / pairs[i].picture,
          " has another size than its original");
    std::vector<int8_t> noise;
    for (size_t p = 0; p < original.size(); ++p)
      noise.push_back(static_cast<int8_t>(std::clamp(picture.pixels[p] - original[p], -127, 127)));
    sample.names.push_back(item.label ? originals.label_names[static_cast<size_t>(*item.label)]
                                      : item.caption);
    sample.noises.push_back(std::move(noise));
  }
  return sample;
}

T2UE_INLINE PictureRow gallery_row(const std::string& name, const NoiseSample& sample,
                                   const NoiseSpectrum& spectrum, size_t count, int gain) {
  PictureRow row{name, {}};
  std::vector<size_t> chosen;
  std::set<std::string> seen;
  for (size_t i = 0; i < sample.noises.size() && chosen.size() < count; ++i)
    if (seen.insert(sample.names[i]).second) chosen.push_back(i);
  for (size_t i = 0; i < sample.noises.size() && chosen.size() < count; ++i)
    if (std::find(chosen.begin(), chosen.end(), i) == chosen.end()) chosen.push_back(i);
  for (const size_t i : chosen)
    row.pictures.push_back(
        {sample.names[i], detail::square_png(sample.size, amplified_noise(sample.noises[i], gain))});
  row.pictures.push_back({"spectrum", detail::spectrum_png(spectrum)});
  return row;
}

}  // namespace t2ue
