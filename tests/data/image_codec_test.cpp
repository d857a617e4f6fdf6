#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spng.h>
#include <turbojpeg.h>
#include <webp/encode.h>

#include <cmath>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image_codec.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

/// A PNG of any colour type and depth, straight from libspng.
Bytes raw_png(int height, int width, uint8_t depth, uint8_t colour, const Bytes& pixels,
              const spng_plte* palette = nullptr, const spng_trns* transparency = nullptr) {
  spng_ctx* context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{static_cast<uint32_t>(width), static_cast<uint32_t>(height), depth, colour, 0, 0, 0};
  EXPECT_EQ(spng_set_ihdr(context, &header), 0);
  if (palette) {
    EXPECT_EQ(spng_set_plte(context, const_cast<spng_plte*>(palette)), 0);
  }
  if (transparency) {
    EXPECT_EQ(spng_set_trns(context, const_cast<spng_trns*>(transparency)), 0);
  }
  EXPECT_EQ(spng_encode_image(context, pixels.data(), pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
  size_t size = 0;
  int code = 0;
  auto* buffer = static_cast<uint8_t*>(spng_get_png_buffer(context, &size, &code));
  const Bytes bytes(buffer, buffer + size);
  std::free(buffer);
  spng_ctx_free(context);
  return bytes;
}

Bytes cmyk_jpeg() {
  const Bytes pixels(8 * 8 * 4, 100);
  tjhandle encoder = tjInitCompress();
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(encoder, pixels.data(), 8, 0, 8, TJPF_CMYK, &buffer, &size, TJSAMP_444, 90, 0), 0);
  const Bytes bytes(buffer, buffer + size);
  tjFree(buffer);
  tjDestroy(encoder);
  return bytes;
}

Bytes grey_jpeg(uint8_t level) {
  const Bytes pixels(16 * 16, level);
  tjhandle encoder = tjInitCompress();
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(encoder, pixels.data(), 16, 0, 16, TJPF_GRAY, &buffer, &size, TJSAMP_GRAY, 95, 0), 0);
  const Bytes bytes(buffer, buffer + size);
  tjFree(buffer);
  tjDestroy(encoder);
  return bytes;
}

uint32_t crc32(const uint8_t* bytes, size_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

void put_big_endian(Bytes& bytes, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

std::string decode_error(const Bytes& bytes) {
  return error_of([&] { decode_image(bytes); });
}

TEST(ImageCodec, PngAndWebpKeepEveryByte) {
  for (const int channels : {3, 4}) {
    Image image = random_image(13, 7, channels);
    image.icc = Bytes(5000, 17);
    image.exif = exif_block(6);
    image.orientation = 6;
    for (const Bytes& bytes :
         {encode_png(image), encode_png(image, 0), encode_png(image, 1), encode_png(image, 9),
          encode_webp_lossless(image), encode_webp_lossless(image, 0)}) {
      const Image again = decode_image(bytes);
      EXPECT_EQ(again.height, 13);
      EXPECT_EQ(again.width, 7);
      EXPECT_EQ(again.channels, channels);
      EXPECT_EQ(again.pixels, image.pixels);
      EXPECT_EQ(again.icc, image.icc);
      EXPECT_EQ(again.exif, image.exif);
      EXPECT_EQ(again.orientation, 6);
    }
  }
}

TEST(ImageCodec, JpegKeepsMetadataAndComesClose) {
  Image image = random_image(20, 30, 3);
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(i / 90 * 8 + i % 3 * 20);
  image.icc = Bytes(150'000, 3);  // three segments
  for (size_t i = 0; i < image.icc.size(); ++i) image.icc[i] = static_cast<uint8_t>(i * i >> 8);
  image.exif = exif_block(8, false);
  image.orientation = 8;
  const Image again = decode_image(encode_jpeg(image, 95));
  EXPECT_EQ(again.icc, image.icc);
  EXPECT_EQ(again.exif, image.exif);
  EXPECT_EQ(again.orientation, 8);
  ASSERT_EQ(again.pixels.size(), image.pixels.size());
  for (size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(again.pixels[i], image.pixels[i], 12) << i;
}

TEST(ImageCodec, OnePixel) {
  const Image rgb = random_image(1, 1, 3), rgba = random_image(1, 1, 4);
  EXPECT_EQ(decode_image(encode_png(rgb)).pixels, rgb.pixels);
  EXPECT_EQ(decode_image(encode_png(rgba)).pixels, rgba.pixels);
  EXPECT_EQ(decode_image(encode_webp_lossless(rgb)).pixels, rgb.pixels);
  EXPECT_EQ(decode_image(encode_jpeg(rgb, 100)).pixels.size(), 3u);
}

TEST(ImageCodec, LargeUncompressedPng) {  // its pixel chunk is larger than the metadata limit
  const Image image = random_image(2500, 2500, 3);
  EXPECT_EQ(decode_image(encode_png(image, 0)).pixels, image.pixels);
}

TEST(ImageCodec, GreyBecomesRgb) {
  const Image png = decode_image(raw_png(1, 2, 8, SPNG_COLOR_TYPE_GRAYSCALE, {10, 250}));
  EXPECT_EQ(png.channels, 3);
  EXPECT_EQ(png.pixels, (Bytes{10, 10, 10, 250, 250, 250}));
  const Image bits = decode_image(raw_png(1, 8, 1, SPNG_COLOR_TYPE_GRAYSCALE, {0b10000001}));
  EXPECT_EQ(bits.pixels[0], 255);
  EXPECT_EQ(bits.pixels[3], 0);
  const Image alpha = decode_image(raw_png(1, 1, 8, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, {10, 20}));
  EXPECT_EQ(alpha.channels, 4);
  EXPECT_EQ(alpha.pixels, (Bytes{10, 10, 10, 20}));
  const Image jpeg = decode_image(grey_jpeg(77));
  EXPECT_EQ(jpeg.channels, 3);
  EXPECT_NEAR(jpeg.pixels[0], 77, 1);
  EXPECT_EQ(jpeg.pixels[0], jpeg.pixels[2]);
}

TEST(ImageCodec, PaletteBecomesRgbOrRgba) {
  spng_plte palette{};
  palette.n_entries = 2;
  palette.entries[0] = {1, 2, 3, 255};
  palette.entries[1] = {4, 5, 6, 255};
  const Image rgb = decode_image(raw_png(1, 2, 8, SPNG_COLOR_TYPE_INDEXED, {1, 0}, &palette));
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_EQ(rgb.pixels, (Bytes{4, 5, 6, 1, 2, 3}));
  spng_trns transparency{};
  transparency.n_type3_entries = 1;
  transparency.type3_alpha[0] = 99;
  const Image rgba = decode_image(raw_png(1, 2, 8, SPNG_COLOR_TYPE_INDEXED, {1, 0}, &palette, &transparency));
  EXPECT_EQ(rgba.channels, 4);
  EXPECT_EQ(rgba.pixels, (Bytes{4, 5, 6, 255, 1, 2, 3, 99}));
}

TEST(ImageCodec, EmptyAndForeign) {
  EXPECT_THAT(decode_error({}), HasSubstr("empty"));
  EXPECT_THAT(decode_error({'G', 'I', 'F', '8', '9', 'a'}), HasSubstr("PNG, JPEG or WebP"));
  EXPECT_THAT(decode_error({0xFF}), HasSubstr("PNG, JPEG or WebP"));
  EXPECT_THAT(decode_error({'R', 'I', 'F', 'F'}), HasSubstr("PNG, JPEG or WebP"));
}

TEST(ImageCodec, EveryTruncationIsAnError) {
  Image image = random_image(9, 9, 3);
  image.icc = Bytes(40, 1);
  for (const Bytes& whole : {encode_png(image), encode_webp_lossless(image), encode_jpeg(image, 90)}) {
    // The last four bytes hold no pixels (JPEG: the end marker; PNG: the end marker's checksum).
    for (size_t length = 0; length + 4 < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      EXPECT_NE(decode_error(cut), "") << "cut to " << length << " of " << whole.size() << " bytes";
    }
  }
  const Bytes png = encode_png(image);
  EXPECT_THAT(decode_error(Bytes(png.begin(), png.end() - 30)), HasSubstr("truncated"));
}

TEST(ImageCodec, DamagedPng) {
  Bytes bytes = encode_png(random_image(9, 9, 3));
  bytes[bytes.size() - 30] ^= 1;  // inside the pixels: the checksum tells
  EXPECT_THAT(decode_error(bytes), HasSubstr("damaged"));
}

TEST(ImageCodec, SixteenBitAndCmykSayHowToConvert) {
  const Bytes deep = raw_png(1, 1, 16, SPNG_COLOR_TYPE_TRUECOLOR, {0, 1, 0, 2, 0, 3});
  EXPECT_THAT(decode_error(deep), HasSubstr("-depth 8"));
  EXPECT_THAT(decode_error(cmyk_jpeg()), HasSubstr("-colorspace sRGB"));
}

TEST(ImageCodec, HugeHeaderIsRefusedBeforeAllocation) {
  const Image image = random_image(8, 8, 3);
  Bytes png = encode_png(image);
  put_big_endian(png, 16, 20000);
  put_big_endian(png, 20, 20000);
  put_big_endian(png, 29, crc32(png.data() + 12, 17));
  EXPECT_THAT(decode_error(png), HasSubstr("20000 x 20000 pixels, more than the limit of 100000000"));

  Bytes jpeg = encode_jpeg(image, 90);
  for (size_t at = 0; at + 9 < jpeg.size(); ++at)
    if (jpeg[at] == 0xFF && jpeg[at + 1] == 0xC0) {  // start of frame: height, width
      jpeg[at + 5] = jpeg[at + 7] = 20000 >> 8;
      jpeg[at + 6] = jpeg[at + 8] = 20000 & 255;
      break;
    }
  EXPECT_THAT(decode_error(jpeg), HasSubstr("20000 x 20000"));

  Bytes webp = encode_webp_lossless(image);
  webp[21] = webp[22] = webp[23] = 0xFF;  // both sides 14 bits
  webp[24] |= 0x0F;
  EXPECT_THAT(decode_error(webp), HasSubstr("16384 x 16384"));

  DecodeLimits limits;
  limits.max_pixels = 63;
  EXPECT_THAT(error_of([&] { decode_image(encode_png(image), limits); }), HasSubstr("limit of 63"));
  limits.max_pixels = 64;
  EXPECT_NO_THROW(decode_image(encode_png(image), limits));
}

TEST(ImageCodec, MetadataLimit) {
  Image image = random_image(4, 4, 3);
  image.icc = Bytes(3000, 7);
  DecodeLimits limits;
  limits.max_metadata_bytes = 1000;
  EXPECT_THROW(decode_image(encode_png(image), limits), Error);
  EXPECT_THROW(decode_image(encode_jpeg(image, 90), limits), Error);
  EXPECT_THROW(decode_image(encode_webp_lossless(image), limits), Error);
}

TEST(ImageCodec, FileNameMeansNothing) {
  const auto folder = fresh_folder();
  const Image image = random_image(5, 6, 3);
  write_file(folder / "picture.jpg", encode_png(image));
  EXPECT_EQ(load_image(folder / "picture.jpg").pixels, image.pixels);
  write_file(folder / "empty.png", Bytes{});
  EXPECT_THAT(error_of([&] { load_image(folder / "empty.png"); }),
              HasSubstr("empty.png\": there are no bytes"));
  EXPECT_THAT(error_of([&] { load_image(folder / "none.png"); }), HasSubstr("none.png"));
  EXPECT_THROW(load_image(folder), Error);
}

TEST(ImageCodec, EncodersRefuseWhatTheyCannotKeep) {
  EXPECT_THAT(error_of([] { encode_jpeg(random_image(2, 2, 4), 90); }), HasSubstr("drop_alpha"));
  EXPECT_THROW(encode_jpeg(random_image(2, 2, 3), 0), Error);
  EXPECT_THROW(encode_png(random_image(2, 2, 3), 10), Error);
  EXPECT_THAT(error_of([] { encode_webp_lossless(random_image(1, 16384, 3)); }), HasSubstr("16383"));
  Image image = random_image(2, 2, 3);
  image.orientation = 3;  // but no EXIF to say so
  EXPECT_THAT(error_of([&] { encode_png(image); }), HasSubstr("orientation"));
  image = random_image(2, 2, 3);
  image.pixels.pop_back();
  EXPECT_THROW(encode_png(image), Error);
  image = random_image(2, 2, 3);
  image.exif = exif_block(1);
  image.exif.resize(66'000);
  EXPECT_THAT(error_of([&] { encode_jpeg(image, 90); }), HasSubstr("66000"));
}

TEST(ImageCodec, Orientation) {
  for (const bool little : {true, false})
    for (uint8_t value = 1; value <= 8; ++value)
      EXPECT_EQ(exif_orientation(exif_block(value, little)), value);
  EXPECT_EQ(exif_orientation(exif_block(9)), 1);
  EXPECT_EQ(exif_orientation({}), 1);
  const Bytes whole = exif_block(6);
  for (size_t length = 0; length < 22; ++length)
    EXPECT_EQ(exif_orientation(std::span(whole).first(length)), 1);
}

TEST(ImageCodec, DropAlpha) {
  const Image image{1, 3, 4, {10, 20, 30, 255, 10, 20, 30, 0, 100, 200, 0, 128}, {1}, {}, 1};
  const Image rgb = drop_alpha(image, {255, 0, 50});
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_EQ(rgb.icc, image.icc);
  // 100*128/255 + 255*127/255 = 177.2, 200*128/255 = 100.4, 50*127/255 = 24.9
  EXPECT_EQ(rgb.pixels, (Bytes{10, 20, 30, 255, 0, 50, 177, 100, 25}));
}

}  // namespace
