// A decoded picture and the bytes that travel with it.
#pragma once

#include <cstdint>
#include <vector>

namespace t2ue {

/// An 8-bit picture, rows top to bottom, channels interleaved (HWC). `pixels` has height*width*channels bytes.
/// Pixels are as stored in the file: `orientation` (EXIF, 1..8) is not applied to them.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 3;              ///< 3 (RGB) or 4 (RGBA, straight alpha)
  std::vector<uint8_t> pixels;
  std::vector<uint8_t> icc;      ///< ICC profile, verbatim; empty if none
  std::vector<uint8_t> exif;     ///< EXIF block, verbatim, starting at the TIFF header; empty if none
  int orientation = 1;           ///< EXIF orientation
};

}  // namespace t2ue
