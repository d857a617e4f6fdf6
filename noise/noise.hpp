// A picture's noise in whole steps of 1/255: rounding from floats, resampling, counting distinct ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>

namespace t2ue {

/// A perturbation for an upright RGB picture: `steps` has height*width*3 values (HWC) in units of 1/255.
struct Noise {
  int height = 0;
  int width = 0;
  std::vector<int8_t> steps;

  bool operator==(const Noise&) const = default;
};

/// Values in pixel units: a picture is 0..1, one 8-bit step 1/255, never a model's normalised space. The
/// explicit constructor is where a caller says so.
struct Pixels {
  explicit Pixels(std::span<const float> pixel_units) : values(pixel_units) {}
  std::span<const float> values;
};

/// The largest budget that fits into int8 steps.
inline constexpr int max_eps_steps = 127;

/// Rounds a perturbation (height*width*3 floats, HWC) to whole steps: value * 255 in float, half to even,
/// then cut at +-eps_steps. Throws Error for a wrong size, a NaN or infinity (naming its place), or eps_steps
/// outside 0..127.
Noise quantise_noise(Pixels perturbation, int height, int width, int eps_steps);

/// The noise at height x width, in whole numbers, so that every machine gives the same steps:
///   nearest   output i is noise pixel i*in/out rounded down, as in PyTorch
///   tile      the noise repeated from the upper left corner, or its part there
///   bilinear  between the four nearest centres, edges repeated, no prefilter; rounded half to even
///   area      the mean over the picture pixel's area; rounded half to even
/// All are means of the noise, so none ever passes its largest |step|; nearest and tile keep it when
/// enlarging. Throws Error for a noise whose size and steps disagree, for sides outside 1..1,000,000, and for
/// bicubic, which overshoots.
Noise resample_noise(const Noise& noise, int height, int width, Resampler resampler);

/// The noise for a picture of height x width that models see with its shorter side brought to `image_size`
/// pixels: by `resampler` to the size that they see, and from there to the picture's by nearest, so that
/// their resizing gives it back. Where image_size is 0 or not below the shorter side it is resample_noise().
/// Throws Error as that, and for an image_size below 0.
Noise noise_for_picture(const Noise& noise, int height, int width, Resampler resampler, int image_size);

/// max|step|; 0 for no steps.
int max_step(const Noise& noise);

/// The identity of a noise: SHA-256 over "HEIGHTxWIDTH:" and the steps' bytes.
std::array<uint8_t, 32> noise_digest(const Noise& noise);
/// The same as 64 hexadecimal digits.
std::string sha256_of(const Noise& noise);

/// Throws Error unless the sides are positive and `steps` has height*width*3 values.
void check_noise(const Noise& noise);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/noise.inl.hpp>
#endif
