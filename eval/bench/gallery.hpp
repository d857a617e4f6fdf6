// What a benchmark's noises look like: pictures of them and of their spectra.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/eval/noise_spectrum.hpp>
#include <t2ue/report/report.hpp>

namespace t2ue {

/// Published minus original, in whole steps, of some pictures.
struct NoiseSample {
  std::vector<std::string> names;           ///< the class or the caption of each picture
  std::vector<std::vector<int8_t>> noises;  ///< [S, S, 3] each, cut at +-127
  int size = 0;
};

/// Of the first `count` training pictures as they were saved in `published` (load_published()). Of a
/// transform, which adds nothing, this is what it did to each picture.
NoiseSample noise_sample(const BenchData& data, const std::filesystem::path& published, size_t count);

/// A line of a gallery: `count` noises amplified around grey, of pictures of different classes where there
/// are classes, then the logarithm of the sample's spectrum, zero frequency in the middle.
PictureRow gallery_row(const std::string& name, const NoiseSample& sample, const NoiseSpectrum& spectrum,
                       size_t count, int gain);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/gallery.inl.hpp>
#endif
