// A decoded picture and the bytes that travel with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// An 8-bit picture, rows top to bottom, channels interleaved (HWC). `pixels` has height*width*channels
/// bytes. Pixels are as stored in the file: `orientation` (EXIF, 1..8) is not applied to them.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 3;  ///< 3 (RGB) or 4 (RGBA, straight alpha)
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> icc;   ///< ICC profile, verbatim; empty if none
  std::vector<uint8_t> exif;  ///< EXIF block, verbatim, starting at the TIFF header; empty if none
  int orientation = 1;        ///< EXIF orientation
};

/// Throws Error unless the picture has at least one pixel, 3 or 4 channels, and as many bytes as they need.
inline void check_image(const Image& image) {
  check(image.height > 0 && image.width > 0 && (image.channels == 3 || image.channels == 4), "image",
        "a picture of ", image.height, " x ", image.width, " x ", image.channels,
        " is not possible; it needs a height and width of at least 1 and 3 or 4 channels");
  const size_t expected = static_cast<size_t>(image.height) * static_cast<size_t>(image.width) *
                          static_cast<size_t>(image.channels);
  check(image.pixels.size() == expected, "image", "a picture of ", image.height, " x ", image.width, " x ",
        image.channels, " needs ", expected, " bytes, not ", image.pixels.size());
}

/// The picture as RGB: each pixel blended with `background` by its alpha, rounded to nearest. ICC, EXIF and
/// orientation are kept. An RGB picture is returned as it is.
inline Image drop_alpha(const Image& image, std::array<uint8_t, 3> background = {255, 255, 255}) {
  check_image(image);
  if (image.channels == 3) return image;
  Image out{image.height, image.width, 3, {}, image.icc, image.exif, image.orientation};
  out.pixels.resize(image.pixels.size() / 4 * 3);
  for (size_t pixel = 0; pixel < out.pixels.size() / 3; ++pixel) {
    const unsigned alpha = image.pixels[4 * pixel + 3];
    for (size_t c = 0; c < 3; ++c) {
      const unsigned sum = image.pixels[4 * pixel + c] * alpha + background[c] * (255 - alpha);
      out.pixels[3 * pixel + c] = static_cast<uint8_t>((sum + 127) / 255);
    }
  }
  return out;
}

}  // namespace t2ue
