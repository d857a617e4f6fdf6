// Options of augmentation, shared by the op, its kernels and recipes.
#pragma once

#include <array>
#include <cstdint>

#include <t2ue/core/bf16.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue {

/// What the pixels of a network's input are: (x - mean) / std per channel.
struct PixelNorm {
  std::array<float, 3> mean{0, 0, 0}, std{1, 1, 1};
};

/// Options of `augment`, in the order in which they work. By default none does anything.
struct AugmentOptions {
  uint64_t seed = 0;
  float min_area = 1.0f;  ///< random-resized crop: smallest share of the picture kept; 1 turns it off
  bool flip = false;      ///< horizontal flip of every other picture, at random
  int translation = 0;    ///< random translation by up to this many pixels, edges repeated
  float brightness = 0;   ///< colours times a factor uniform in [max(0, 1-s), 1+s]
  float contrast = 0;     ///< their distance from mid-grey times such a factor
  float saturation = 0;   ///< their distance from their own grey times such a factor
  float grayscale = 0;    ///< with this probability a picture loses its colours
  int cutout = 0;         ///< side of the square that is cut out of every picture, in pixels
  PixelNorm norm;

  T2UE_HOST_DEVICE bool changes_colours() const {
    return brightness > 0 || contrast > 0 || saturation > 0 || grayscale > 0;
  }
};

/// Error naming `where` for an option out of range.
inline void check_augment_options(const char* where, const AugmentOptions& o) {
  check(o.min_area > 0.0f && o.min_area <= 1.0f && o.translation >= 0, where,
        "min_area must be in (0,1] and translation not negative, got ", o.min_area, " and ", o.translation);
  const auto in_range = [&](const char* name, float value, float most) {
    check(value >= 0.0f && value <= most, where, name, " must be in [0,", most, "], got ", value);
  };
  in_range("brightness", o.brightness, 10.0f);
  in_range("contrast", o.contrast, 10.0f);
  in_range("saturation", o.saturation, 10.0f);
  in_range("grayscale", o.grayscale, 1.0f);
  check(o.cutout >= 0 && o.cutout <= 65536, where, "cutout must be in [0,65536] pixels, got ", o.cutout);
}

}  // namespace t2ue
