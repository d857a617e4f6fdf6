// The random choices for one picture of an augmented batch: crop and flip, colours, and what is cut out.
// Every backend does the same arithmetic, as in augment_geometry.hpp.
#pragma once

#include <t2ue/core/augment_colour.hpp>
#include <t2ue/core/augment_geometry.hpp>

namespace t2ue {

/// The square rows [top, bottom) x columns [left, right); it may lie partly outside the picture.
struct AugmentCutout {
  int top, bottom, left, right;

  T2UE_HOST_DEVICE bool holds(int64_t row, int64_t column) const {
    return row >= top && row < bottom && column >= left && column < right;
  }
};

/// Cutout of DeVries & Taylor (2017): a square of `cutout` pixels whose centre is any pixel of the picture,
/// all alike. (With an odd side theirs has one pixel less.) Empty without.
T2UE_HOST_DEVICE inline AugmentCutout augment_cutout(const AugmentOptions& o, uint64_t item, int64_t height,
                                                     int64_t width) {
  if (o.cutout == 0) return {0, 0, 0, 0};
  Random random(o.seed, Purpose::cutout, item);
  const int top = static_cast<int>(random.below(static_cast<uint32_t>(height))) - o.cutout / 2;
  const int left = static_cast<int>(random.below(static_cast<uint32_t>(width))) - o.cutout / 2;
  return {top, top + o.cutout, left, left + o.cutout};
}

struct AugmentDraw {
  AugmentGeometry geometry;
  AugmentColour colour;
  AugmentCutout cutout;
};

/// What picture `n` of a batch of `batch` gets in the step of number `step`.
T2UE_HOST_DEVICE inline AugmentDraw augment_draw(const AugmentOptions& o, int32_t step, int64_t batch,
                                                 int64_t n, int64_t height, int64_t width) {
  const uint64_t item = static_cast<uint64_t>(static_cast<uint32_t>(step)) * static_cast<uint64_t>(batch) +
                        static_cast<uint64_t>(n);
  return {augment_geometry(o, item, height, width), augment_colour(o, item),
          augment_cutout(o, item, height, width)};
}

}  // namespace t2ue
