// Resizes pictures.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/image/image_codec.hpp>

namespace t2ue {

/// `image` at `height` x `width` pixels. Each side on its own: made smaller, a pixel is the mean of the area
/// that it covers; made larger, it is interpolated linearly between pixel centres, edges repeated. Alpha
/// weighs the colours, so that hidden colours do not bleed. Rounded to nearest; the same size gives the same
/// bytes. ICC, EXIF and orientation are kept (height and width are those of the stored pixels).
Image resize_image(const Image& image, int height, int width);

/// As above, of a picture whose last row and column may be covered in part (ReducedImage).
Image resize_image(const ReducedImage& picture, int height, int width);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/resize_image.inl.hpp>
#endif
