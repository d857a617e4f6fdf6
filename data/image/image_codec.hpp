// PNG, JPEG and WebP pictures, read and written with their ICC profile and EXIF block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>

namespace t2ue {

/// What a foreign picture may ask for. Sizes are checked on the header, before anything is allocated.
struct DecodeLimits {
  int64_t max_pixels = 100'000'000;      ///< height * width
  size_t max_metadata_bytes = 16 << 20;  ///< ICC and EXIF, each, after decompression
  size_t max_file_bytes = 1 << 30;       ///< load_image refuses to read a larger file
};

/// Decodes a PNG, JPEG or WebP picture; the format is told by its first bytes. Grey becomes RGB, a palette
/// RGB or RGBA, alpha stays (4 channels). ICC and EXIF are returned verbatim; other metadata is dropped.
/// Throws Error for anything else and for: empty or truncated data, damaged data, more pixels than
/// `limits.max_pixels`, 16-bit PNG, CMYK JPEG, animated WebP.
Image decode_image(std::span<const uint8_t> bytes, const DecodeLimits& limits = {});

/// A picture at its own size, or at 1/2, 1/4 or 1/8 of it.
struct ReducedImage {
  Image image;
  double height;  ///< how many rows of `image` the picture covers; the last one may be covered in part
  double width;   ///< and columns

  ReducedImage(Image whole) : image(std::move(whole)), height(image.height), width(image.width) {}
  ReducedImage(Image reduced, double rows, double columns)
      : image(std::move(reduced)), height(rows), width(columns) {}
};

/// decode_image() for a picture that is made smaller next, for models: a JPEG that has `reduction_spare`
/// times as many pixels as wanted even then, each way, is decoded at 1/2, 1/4 or 1/8 of its size, by a
/// smaller inverse cosine transform; others come as they are. Of a photograph, resize_image() of it differs
/// from that of the whole picture by at most 2.5/255 in the mean (under 0.7/255 over many) and 16/255 in a
/// pixel: small beside a noise of 8/255, but not for where pixels must be exact.
ReducedImage decode_reduced(std::span<const uint8_t> bytes, int height, int width,
                            const DecodeLimits& limits = {});
inline constexpr int reduction_spare = 4;

/// decode_image() of a file's bytes; errors name the file. The file's extension means nothing.
Image load_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// An 8-bit RGB or RGBA PNG. `compression` is zlib's level, 0 (none) to 9 (smallest); 1 is fast.
/// All encoders write `icc` and `exif` verbatim, and throw Error if `orientation` differs from what `exif`
/// says.
std::vector<uint8_t> encode_png(const Image& image, int compression = 3);

/// A lossless WebP; the colours of fully transparent pixels are kept too. Sides up to 16383.
/// `effort` is 0 (fast) to 9 (small).
std::vector<uint8_t> encode_webp_lossless(const Image& image, int effort = 3);

/// A JPEG without chroma subsampling, `quality` 1..100. It changes pixels: see `t2ue apply --allow-lossy`.
/// Sides up to 65535; throws Error for a picture with alpha (see drop_alpha) and for EXIF over 65527 bytes.
std::vector<uint8_t> encode_jpeg(const Image& image, int quality);

/// The orientation (1..8) in an EXIF block that starts at its TIFF header; 1 if there is none or it is
/// damaged.
int exif_orientation(std::span<const uint8_t> exif);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/image_codec.inl.hpp>
#endif
