// Methods that change a picture as a whole instead of adding a noise to it.
//
// A noise is int8 steps that are made without the picture and kept in a noise folder. What moves a pixel by
// up to 255 (one-pixel shortcuts), or by an amount that depends on the picture (filters), is neither: it is
// applied where the pictures are, and there is no noise to keep, no budget to audit, and no way to hand it to
// someone without the pictures. So it has an interface of its own, and its card says additive = false.
#pragma once

#include <t2ue/data/image/image.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

class PictureTransform {
 public:
  virtual ~PictureTransform() = default;
  virtual const MethodCard& card() const = 0;
  /// The picture as it is published: the same size; alpha, ICC and EXIF stay. Deterministic, and a function
  /// of item and picture alone; `item.picture` is not read. Throws Error naming the key if the item lacks
  /// what the card needs, if the picture is malformed, or if its EXIF orientation is not 1: positions and
  /// filters are those of the upright picture.
  virtual Image apply(const NoiseItem& item, const Image& picture) const = 0;

 protected:
  static void check_upright(const NoiseItem& item, const Image& picture) {
    check_image(picture);
    check(picture.orientation == 1, "transform", "the picture of \"", item.key,
          "\" has the EXIF orientation ", picture.orientation, "; turn its pixels upright first");
  }
};

}  // namespace t2ue
