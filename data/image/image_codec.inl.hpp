#pragma once

#include <spng.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/image/image_codec.hpp>

namespace t2ue {
namespace detail {

using Bytes = std::span<const uint8_t>;

struct CodecFree {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
  void operator()(WebPMux* mux) const { WebPMuxDelete(mux); }
  void operator()(unsigned char* buffer) const { tjFree(buffer); }
  void operator()(char* buffer) const { std::free(buffer); }
  void operator()(void* handle) const { tjDestroy(handle); }
};
template <class T>
using CodecOwner = std::unique_ptr<T, CodecFree>;

inline constexpr std::string_view jpeg_magic = "\xFF\xD8\xFF";

struct PictureSides {
  int height, width;
};

inline bool begins_with(Bytes bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

inline bool has_tiff_header(Bytes exif) {
  return begins_with(exif, std::string_view("II*\0", 4)) || begins_with(exif, std::string_view("MM\0*", 4));
}

/// Keeps `exif` and its orientation if it is an EXIF block at all; some writers put "Exif\0\0" before it.
inline void set_exif(Image& image, Bytes exif) {
  constexpr std::string_view prefix("Exif\0\0", 6);
  if (begins_with(exif, prefix)) exif = exif.subspan(prefix.size());
  if (!has_tiff_header(exif)) return;
  image.exif.assign(exif.begin(), exif.end());
  image.orientation = exif_orientation(exif);
}

inline void check_limits(int64_t height, int64_t width, const DecodeLimits& limits) {
  check(height > 0 && width > 0, "image", "the header says ", width, " x ", height, " pixels");
  check(height <= limits.max_pixels / width, "image", "the header says ", width, " x ", height,
        " pixels, more than the limit of ", limits.max_pixels, "; make it smaller, or raise the limit");
}

inline void check_metadata(size_t bytes, const DecodeLimits& limits) {
  check(bytes <= limits.max_metadata_bytes, "image", "the ICC profile or EXIF block has ", bytes,
        " bytes, more than the limit of ", limits.max_metadata_bytes);
}

inline void check_encodable(const Image& image, std::string_view format, int max_side) {
  check_image(image);
  check(image.height <= max_side && image.width <= max_side, "image", format, " has sides of at most ",
        max_side, " pixels, not ", image.width, " x ", image.height, "; save as PNG");
  check(exif_orientation(image.exif) == image.orientation, "image", "the orientation is ", image.orientation,
        " but the EXIF block says ", exif_orientation(image.exif), "; change both");
}

// ---- PNG ----

inline void check_spng(int code) {
  check(code != SPNG_EOF && code != SPNG_IO_EOF, "image", "this PNG is truncated");
  check(code == 0, "image", "this PNG is damaged: ", spng_strerror(code));
}

inline Image decode_png(Bytes bytes, const DecodeLimits& limits) {
  const CodecOwner<spng_ctx> context(spng_ctx_new(0));
  check(context != nullptr, "image", "out of memory");
  check_spng(spng_set_chunk_limits(context.get(), limits.max_metadata_bytes, 2 * limits.max_metadata_bytes));
  check_spng(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()));
  spng_ihdr header{};
  check_spng(spng_get_ihdr(context.get(), &header));
  check_limits(header.height, header.width, limits);
  check(header.bit_depth <= 8, "image",
        "this PNG has 16 bits a channel, and the noise is made for 8; convert it first, "
        "e.g. `magick in.png -depth 8 out.png`");
  spng_trns transparency{};
  const bool alpha = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                     header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
                     spng_get_trns(context.get(), &transparency) == 0;
  Image image{static_cast<int>(header.height), static_cast<int>(header.width), alpha ? 4 : 3, {}, {}, {}, 1};
  const int format = alpha ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8;
  size_t size = 0;
  check_spng(spng_decoded_image_size(context.get(), format, &size));
  image.pixels.resize(size);
  check_spng(spng_decode_image(context.get(), image.pixels.data(), size, format, SPNG_DECODE_TRNS));
  check_spng(spng_decode_chunks(context.get()));  // those behind the pixels: EXIF may be there
  spng_iccp icc{};
  if (spng_get_iccp(context.get(), &icc) == 0) {
    check_metadata(icc.profile_len, limits);
    image.icc.assign(icc.profile, icc.profile + icc.profile_len);
  }
  spng_exif exif{};
  if (spng_get_exif(context.get(), &exif) == 0) {
    check_metadata(exif.length, limits);
    set_exif(image, {reinterpret_cast<const uint8_t*>(exif.data), exif.length});
  }
  return image;
}

// ---- JPEG ----

/// ICC (APP2, possibly in several segments) and EXIF (APP1) of a JPEG that libjpeg has accepted.
inline void read_jpeg_metadata(Bytes bytes, const DecodeLimits& limits, Image& image) {
  constexpr std::string_view icc_name("ICC_PROFILE\0", 12), exif_name("Exif\0\0", 6);
  std::vector<Bytes> icc;
  size_t icc_bytes = 0;
  for (size_t at = 2; at + 4 <= bytes.size() && bytes[at] == 0xFF;) {
    const uint8_t marker = bytes[at + 1];
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) break;  // start of scan, end of image
    const size_t length = size_t{bytes[at + 2]} << 8 | bytes[at + 3];
    if (length < 2 || at + 2 + length > bytes.size()) break;
    const Bytes body = bytes.subspan(at + 4, length - 2);
    if (marker == 0xE1 && image.exif.empty() && begins_with(body, exif_name)) set_exif(image, body);
    if (marker == 0xE2 && begins_with(body, icc_name) && body.size() > 14) {
      const size_t part = body[12];  // counted from 1
      const size_t parts = body[13];
      if (icc.empty()) icc.resize(parts);
      check(part >= 1 && part <= icc.size() && parts == icc.size() && icc[part - 1].empty(), "image",
            "the ICC profile of this JPEG is damaged: part ", part, " of ", parts);
      icc[part - 1] = body.subspan(14);
      icc_bytes += body.size() - 14;
    }
    at += 2 + length;
  }
  check_metadata(icc_bytes, limits);
  for (const Bytes part : icc) {
    check(!part.empty(), "image", "the ICC profile of this JPEG is damaged: a part is missing");
    image.icc.insert(image.icc.end(), part.begin(), part.end());
  }
}

/// 8, 4, 2 or 1: by how much a JPEG may be decoded smaller where `wanted` pixels of its `height` x `width`
/// are.
inline int jpeg_divisor(int64_t height, int64_t width, const PictureSides& wanted) {
  for (const int divisor : {8, 4, 2})
    if (height >= int64_t{divisor} * reduction_spare * wanted.height &&
        width >= int64_t{divisor} * reduction_spare * wanted.width)
      return divisor;
  return 1;
}

/// At its own size where nothing is `wanted`.
inline ReducedImage decode_jpeg(Bytes bytes, const DecodeLimits& limits,
                                const std::optional<PictureSides>& wanted = {}) {
  const CodecOwner<void> decoder(tjInitDecompress());
  check(decoder != nullptr, "image", "out of memory");
  int width = 0, height = 0, subsampling = 0, colours = 0;
  const auto size = static_cast<unsigned long>(bytes.size());
  check(tjDecompressHeader3(decoder.get(), bytes.data(), size, &width, &height, &subsampling, &colours) == 0,
        "image", "this JPEG is damaged or truncated: ", tjGetErrorStr2(decoder.get()));
  check_limits(height, width, limits);
  check(colours != TJCS_CMYK && colours != TJCS_YCCK, "image",
        "this JPEG is CMYK; convert it to RGB first, e.g. `magick in.jpg -colorspace sRGB out.png`");
  const int divisor = wanted ? jpeg_divisor(height, width, *wanted) : 1;
  const tjscalingfactor scale{1, divisor};
  Image image{TJSCALED(height, scale), TJSCALED(width, scale), 3, {}, {}, {}, 1};
  read_jpeg_metadata(bytes, limits, image);
  image.pixels.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
  // TJFLAG_LIMITSCANS: a progressive file of thousands of scans would decode for hours.
  const int status = tjDecompress2(decoder.get(), bytes.data(), size, image.pixels.data(), image.width, 0,
                                   image.height, TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  if (status != 0) {
    const std::string_view reason = tjGetErrorStr2(decoder.get());
    // Many cameras leave stray bytes between segments; every other warning means lost pixels.
    const bool harmless = tjGetErrorCode(decoder.get()) == TJERR_WARNING &&
                          reason.find("extraneous bytes before marker") != std::string_view::npos;
    check(harmless, "image", "this JPEG is damaged or truncated: ", reason);
  }
  return {std::move(image), static_cast<double>(height) / divisor, static_cast<double>(width) / divisor};
}

inline void append_jpeg_segment(std::vector<uint8_t>& out, uint8_t marker, std::string_view name,
                                Bytes body) {
  const size_t length = 2 + name.size() + body.size();
  out.insert(out.end(), {0xFF, marker, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
  out.insert(out.end(), name.begin(), name.end());
  out.insert(out.end(), body.begin(), body.end());
}

// ---- WebP ----

inline Image decode_webp(Bytes bytes, const DecodeLimits& limits) {
  WebPBitstreamFeatures features{};
  const VP8StatusCode header = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  check(header != VP8_STATUS_NOT_ENOUGH_DATA, "image", "this WebP is truncated");
  check(header == VP8_STATUS_OK, "image", "this WebP is damaged: its header cannot be read");
  check_limits(features.height, features.width, limits);
  check(!features.has_animation, "image", "this WebP is animated; save one frame as a picture of its own");
  Image image{features.height, features.width, features.has_alpha ? 4 : 3, {}, {}, {}, 1};

  const WebPData data{bytes.data(), bytes.size()};
  const CodecOwner<WebPMux> container(WebPMuxCreate(&data, 0));
  check(container != nullptr, "image", "this WebP is damaged or truncated");
  WebPData chunk{};
  if (WebPMuxGetChunk(container.get(), "ICCP", &chunk) == WEBP_MUX_OK) {
    check_metadata(chunk.size, limits);
    image.icc.assign(chunk.bytes, chunk.bytes + chunk.size);
  }
  if (WebPMuxGetChunk(container.get(), "EXIF", &chunk) == WEBP_MUX_OK) {
    check_metadata(chunk.size, limits);
    set_exif(image, {chunk.bytes, chunk.size});
  }

  const size_t stride = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  image.pixels.resize(stride * static_cast<size_t>(image.height));
  const auto decode = image.channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  check(decode(bytes.data(), bytes.size(), image.pixels.data(), image.pixels.size(),
               static_cast<int>(stride)) != nullptr,
        "image", "this WebP is damaged or truncated");
  return image;
}

}  // namespace detail

T2UE_INLINE int exif_orientation(std::span<const uint8_t> exif) {
  if (!detail::has_tiff_header(exif)) return 1;
  const bool little = exif[0] == 'I';
  const auto read = [&](size_t at, size_t width) {
    size_t value = 0;
    for (size_t i = 0; i < width; ++i) value = value << 8 | exif[at + (little ? width - 1 - i : i)];
    return value;
  };
  if (exif.size() < 8) return 1;
  const size_t directory = read(4, 4);
  if (directory > exif.size() || exif.size() - directory < 2) return 1;
  const size_t entries = read(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if (at + 12 > exif.size()) return 1;
    if (read(at, 2) != 0x0112) continue;  // tag, type (3: 16 bits), count, value
    const size_t value = read(at + 8, 2);
    return read(at + 2, 2) == 3 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

T2UE_INLINE Image decode_image(std::span<const uint8_t> bytes, const DecodeLimits& limits) {
  check(!bytes.empty(), "image", "there are no bytes: an empty picture file");
  if (detail::begins_with(bytes, "\x89PNG\r\n\x1a\n")) return detail::decode_png(bytes, limits);
  if (detail::begins_with(bytes, detail::jpeg_magic)) return detail::decode_jpeg(bytes, limits).image;
  if (detail::begins_with(bytes, "RIFF") && bytes.size() >= 12 &&
      detail::begins_with(bytes.subspan(8), "WEBP"))
    return detail::decode_webp(bytes, limits);
  fail("image", "these ", bytes.size(),
       " bytes do not begin like a PNG, JPEG or WebP picture; convert it to PNG");
}

T2UE_INLINE ReducedImage decode_reduced(std::span<const uint8_t> bytes, int height, int width,
                                        const DecodeLimits& limits) {
  check(height > 0 && width > 0, "image", "a picture of ", height, " x ", width, " pixels is not possible");
  if (detail::begins_with(bytes, detail::jpeg_magic))
    return detail::decode_jpeg(bytes, limits, detail::PictureSides{height, width});
  return {decode_image(bytes, limits)};
}

T2UE_INLINE Image load_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  const std::vector<uint8_t> bytes = read_file(path, limits.max_file_bytes);
  try {
    return decode_image(bytes, limits);
  } catch (const Error& error) {
    // Say "[image]" once.
    fail("image", path, ": ", std::string_view(error.what()).substr(std::string_view("[image] ").size()));
  }
}

T2UE_INLINE std::vector<uint8_t> encode_png(const Image& image, int compression) {
  detail::check_encodable(image, "PNG", 0x7FFFFFFF);
  check(compression >= 0 && compression <= 9, "image", "PNG compression is 0 to 9, not ", compression);
  const detail::CodecOwner<spng_ctx> context(spng_ctx_new(SPNG_CTX_ENCODER));
  check(context != nullptr, "image", "out of memory");
  const auto done = [](int code) { check(code == 0, "image", "cannot write PNG: ", spng_strerror(code)); };
  done(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1));
  done(spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, compression));
  if (compression <= 1) done(spng_set_option(context.get(), SPNG_FILTER_CHOICE, SPNG_FILTER_CHOICE_SUB));
  spng_ihdr header{
      static_cast<uint32_t>(image.width),
      static_cast<uint32_t>(image.height),
      8,
      static_cast<uint8_t>(image.channels == 4 ? SPNG_COLOR_TYPE_TRUECOLOR_ALPHA : SPNG_COLOR_TYPE_TRUECOLOR),
      0,
      0,
      0};
  done(spng_set_ihdr(context.get(), &header));
  std::vector<uint8_t> icc = image.icc, exif = image.exif;  // libspng wants them mutable, and does not copy
  if (!icc.empty()) {
    spng_iccp chunk{"ICC profile", icc.size(), reinterpret_cast<char*>(icc.data())};
    done(spng_set_iccp(context.get(), &chunk));
  }
  if (!exif.empty()) {
    spng_exif chunk{exif.size(), reinterpret_cast<char*>(exif.data())};
    done(spng_set_exif(context.get(), &chunk));
  }
  done(spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG,
                         SPNG_ENCODE_FINALIZE));
  size_t size = 0;
  int code = 0;
  const detail::CodecOwner<char> buffer(static_cast<char*>(spng_get_png_buffer(context.get(), &size, &code)));
  done(code);
  return {buffer.get(), buffer.get() + size};
}

T2UE_INLINE std::vector<uint8_t> encode_webp_lossless(const Image& image, int effort) {
  detail::check_encodable(image, "WebP", WEBP_MAX_DIMENSION);
  check(effort >= 0 && effort <= 9, "image", "WebP effort is 0 to 9, not ", effort);
  WebPConfig config;
  WebPPicture picture;
  check(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, effort) && WebPPictureInit(&picture),
        "image", "libwebp's version does not fit its header");
  config.exact = 1;
  struct Memory : WebPMemoryWriter {
    Memory() { WebPMemoryWriterInit(this); }
    ~Memory() { WebPMemoryWriterClear(this); }
  } memory;
  picture.use_argb = 1;
  picture.width = image.width;
  picture.height = image.height;
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = static_cast<WebPMemoryWriter*>(&memory);
  const auto import = image.channels == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
  const bool encoded =
      import(&picture, image.pixels.data(), image.width * image.channels) && WebPEncode(&config, &picture);
  const WebPEncodingError reason = picture.error_code;
  WebPPictureFree(&picture);
  check(encoded, "image", "cannot write WebP: libwebp's error ", static_cast<int>(reason));
  if (image.icc.empty() && image.exif.empty()) return {memory.mem, memory.mem + memory.size};

  const detail::CodecOwner<WebPMux> container(WebPMuxNew());
  const auto done = [](WebPMuxError code) {
    check(code == WEBP_MUX_OK, "image", "cannot write WebP: libwebpmux's error ", static_cast<int>(code));
  };
  const WebPData bitstream{memory.mem, memory.size};
  done(WebPMuxSetImage(container.get(), &bitstream, 0));
  const WebPData icc{image.icc.data(), image.icc.size()}, exif{image.exif.data(), image.exif.size()};
  if (icc.size > 0) done(WebPMuxSetChunk(container.get(), "ICCP", &icc, 0));
  if (exif.size > 0) done(WebPMuxSetChunk(container.get(), "EXIF", &exif, 0));
  WebPData assembled{};
  done(WebPMuxAssemble(container.get(), &assembled));
  std::vector<uint8_t> bytes(assembled.bytes, assembled.bytes + assembled.size);
  WebPDataClear(&assembled);
  return bytes;
}

T2UE_INLINE std::vector<uint8_t> encode_jpeg(const Image& image, int quality) {
  detail::check_encodable(image, "JPEG", 65535);
  check(image.channels == 3, "image", "JPEG has no alpha; use drop_alpha() first, or save as PNG");
  check(quality >= 1 && quality <= 100, "image", "JPEG quality is 1 to 100, not ", quality);
  constexpr size_t exif_most = 65535 - 2 - 6, icc_most = 65535 - 2 - 14;  // length field, name, part numbers
  check(image.exif.size() <= exif_most, "image", "an EXIF block of ", image.exif.size(),
        " bytes does not fit into a JPEG");
  const size_t parts = (image.icc.size() + icc_most - 1) / icc_most;
  check(parts <= 255, "image", "an ICC profile of ", image.icc.size(), " bytes does not fit into a JPEG");

  const detail::CodecOwner<void> encoder(tjInitCompress());
  check(encoder != nullptr, "image", "out of memory");
  unsigned char* compressed = nullptr;
  unsigned long size = 0;
  const int status = tjCompress2(encoder.get(), image.pixels.data(), image.width, 0, image.height, TJPF_RGB,
                                 &compressed, &size, TJSAMP_444, quality, TJFLAG_ACCURATEDCT);
  const detail::CodecOwner<unsigned char> owner(compressed);
  check(status == 0, "image", "cannot write JPEG: ", tjGetErrorStr2(encoder.get()));
  // libturbojpeg writes no metadata: it goes behind the two bytes that start the file and the JFIF segment.
  size_t head = 2;
  if (compressed[2] == 0xFF && compressed[3] == 0xE0)
    head += 2 + (size_t{compressed[4]} << 8 | compressed[5]);
  std::vector<uint8_t> bytes(compressed, compressed + head);
  if (!image.exif.empty()) detail::append_jpeg_segment(bytes, 0xE1, {"Exif\0\0", 6}, image.exif);
  for (size_t part = 0; part < parts; ++part) {
    std::string name("ICC_PROFILE\0", 12);
    name += static_cast<char>(part + 1);
    name += static_cast<char>(parts);
    const size_t from = part * icc_most;
    const auto body = std::span(image.icc).subspan(from, std::min(icc_most, image.icc.size() - from));
    detail::append_jpeg_segment(bytes, 0xE2, name, body);
  }
  bytes.insert(bytes.end(), compressed + head, compressed + size);
  return bytes;
}

}  // namespace t2ue
