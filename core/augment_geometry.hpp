// Where each output pixel of an augmented picture comes from. Every backend gives the same bits: where one
// compiler might fuse a product with a sum and another not, the code fuses them itself.
#pragma once

#include <cmath>

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {

/// input = scale * output + offset along each axis, in pixel-centre coordinates. Without default values: it
/// lives in kernels' shared memory.
struct AugmentGeometry {
  float scale_y, offset_y, scale_x, offset_x;
};

/// The coordinate along one axis that output `i` reads, before it is kept within the picture.
T2UE_HOST_DEVICE inline float augment_coordinate(float scale, float offset, int64_t i) {
  return std::fma(scale, static_cast<float>(i), offset);
}

/// The crop, flip and translation of item `item`: area share uniform in [min_area, 1], aspect ratio in [3/4,
/// 4/3], place uniform within the picture, flip with probability 1/2, whole-pixel translation uniform in
/// [-translation, translation].
T2UE_HOST_DEVICE inline AugmentGeometry augment_geometry(const AugmentOptions& o, uint64_t item,
                                                         int64_t height, int64_t width) {
  Random random(o.seed, Purpose::augment, item);
  const float area = std::fma(1.0f - o.min_area, random.uniform(), o.min_area);
  const float u = random.uniform(), place_y = random.uniform(), place_x = random.uniform();
  const float sign = random.uniform(), move_y = random.uniform(), move_x = random.uniform();
  AugmentGeometry g{1, 0, 1, 0};
  const auto h = static_cast<float>(height), w = static_cast<float>(width);
  if (o.min_area < 1.0f) {
    const float ratio = u < 0.5f ? std::fma(0.5f, u, 0.75f) : 1.0f / std::fma(-0.5f, u, 1.25f);
    g.scale_y = std::fmin(1.0f, std::sqrt(area / ratio));
    g.scale_x = std::fmin(1.0f, std::sqrt(area * ratio));
    g.offset_y = std::fma((1.0f - g.scale_y) * h, place_y, std::fma(0.5f, g.scale_y, -0.5f));
    g.offset_x = std::fma((1.0f - g.scale_x) * w, place_x, std::fma(0.5f, g.scale_x, -0.5f));
  }
  if (o.translation > 0) {
    const float span = static_cast<float>(2 * o.translation + 1);
    g.offset_y += std::floor(move_y * span) - static_cast<float>(o.translation);
    g.offset_x += std::floor(move_x * span) - static_cast<float>(o.translation);
  }
  if (o.flip && sign < 0.5f) {
    g.offset_x = std::fma(g.scale_x, w - 1.0f, g.offset_x);
    g.scale_x = -g.scale_x;
  }
  return g;
}

}  // namespace t2ue
