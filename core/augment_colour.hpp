// Brightness, contrast, saturation and grey of an augmented picture, as one map of its colours.
#pragma once

#include <cmath>

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {

/// The share of each channel in a colour's grey: luma of ITU-R BT.601. They add up to 1.
inline constexpr float luma_red = 0.299f, luma_green = 0.587f, luma_blue = 0.114f;

/// Brightness b, contrast c and saturation s one after the other are one affine map,
///   x -> own * x + grey * luma(x) + lift,   own = b c s, grey = b c (1-s), lift = (1-c)/2,
/// because luma is linear and takes mid-grey to itself. Contrast is around mid-grey 0.5 and not, as in
/// torchvision, around the picture's mean: that would be a pass over memory of its own, and a sum whose
/// rounding depends on the backend. What leaves [0,1] is clamped once, after all of them.
struct AugmentColour {
  float own, grey, lift;
};

/// The identity unless the options change colours. Factors uniform in [max(0, 1-strength), 1+strength];
/// saturation 0 with probability `grayscale`.
T2UE_HOST_DEVICE inline AugmentColour augment_colour(const AugmentOptions& o, uint64_t item) {
  if (!o.changes_colours()) return {1, 0, 0};
  Random random(o.seed, Purpose::colour, item);
  const float strengths[3] = {o.brightness, o.contrast, o.saturation};
  float factors[3];
  for (int i = 0; i < 3; ++i) {
    const float low = std::fmax(0.0f, 1.0f - strengths[i]), high = 1.0f + strengths[i];
    factors[i] = std::fma(high - low, random.uniform(), low);
  }
  if (random.uniform() < o.grayscale) factors[2] = 0.0f;
  const float both = factors[0] * factors[1];
  return {both * factors[2], both * (1.0f - factors[2]), 0.5f * (1.0f - factors[1])};
}

/// The changed colour, clamped to [0,1]; returns the channels that needed no clamping as bits. Keeps NaN.
T2UE_HOST_DEVICE inline unsigned change_colour(const AugmentColour& colour, float (&rgb)[3]) {
  const float luma = luma_red * rgb[0] + luma_green * rgb[1] + luma_blue * rgb[2];
  unsigned kept = 0;
  for (unsigned c = 0; c < 3; ++c) {
    const float value = colour.own * rgb[c] + (colour.grey * luma + colour.lift);
    kept |= value >= 0.0f && value <= 1.0f ? 1u << c : 0u;
    rgb[c] = value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
  }
  return kept;
}

/// The gradient of the colour before the change, from that of the changed one before clamping.
T2UE_HOST_DEVICE inline void change_colour_grad(const AugmentColour& colour, float (&rgb)[3]) {
  const float grey = colour.grey * (rgb[0] + rgb[1] + rgb[2]);
  rgb[0] = colour.own * rgb[0] + luma_red * grey;
  rgb[1] = colour.own * rgb[1] + luma_green * grey;
  rgb[2] = colour.own * rgb[2] + luma_blue * grey;
}

}  // namespace t2ue
