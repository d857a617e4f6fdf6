#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/resize_image.hpp>

namespace t2ue {
namespace detail {

/// Which inputs make each output along an axis, and how much of each. Every output has `count` weights, which
/// add up to 1, some of them 0: loops of one length are fast ones.
struct ResizeTaps {
  size_t count = 0;
  std::vector<size_t> first;   ///< of each output: its first input
  std::vector<float> weights;  ///< [outputs, count]
};

/// `pixels` inputs, of which the picture covers `from`, to `to` outputs.
inline ResizeTaps resize_taps(int pixels, double from, int to) {
  const double ratio = from / to;
  const bool smaller = to < from;
  const int count = std::min(pixels, smaller ? static_cast<int>(std::ceil(ratio)) + 1 : 2);
  ResizeTaps taps;
  taps.count = static_cast<size_t>(count);
  for (int i = 0; i < to; ++i) {
    const double low = i * ratio, high = (i + 1) * ratio;
    const double centre = std::clamp((i + 0.5) * ratio - 0.5, 0.0, pixels - 1.0);
    const int first = std::min(static_cast<int>(smaller ? low : centre), pixels - count);
    taps.first.push_back(static_cast<size_t>(first));
    for (int j = first; j < first + count; ++j) {
      const double covered = (std::min<double>(j + 1, high) - std::max<double>(j, low)) / ratio;
      const double near = 1.0 - std::abs(j - centre);
      taps.weights.push_back(static_cast<float>(std::max(smaller ? covered : near, 0.0)));
    }
  }
  return taps;
}

/// Adds `weight` times a row of RGB to `sum`.
inline void add_row(const uint8_t* row, size_t pixels, float weight, float* sum) {
  for (size_t i = 0; i < 3 * pixels; ++i) sum[i] += weight * static_cast<float>(row[i]);
}
/// The same for RGBA: alpha from 0 to 1, and colours times alpha.
inline void add_row_with_alpha(const uint8_t* row, size_t pixels, float weight, float* sum) {
  for (size_t x = 0; x < pixels; ++x) {
    const float share = weight * static_cast<float>(row[4 * x + 3]) / 255.0f;
    for (size_t c = 0; c < 3; ++c) sum[4 * x + c] += share * static_cast<float>(row[4 * x + c]);
    sum[4 * x + 3] += share;
  }
}

/// One row of RGB from a blended one. Four numbers are summed at a time, the fourth for nothing, because that
/// is one vector: one number behind the end of `blended` is read, and one behind that of `out` is written.
inline void resize_columns(const ResizeTaps& columns, const float* blended, uint8_t* out) {
  const float* weight = columns.weights.data();
  for (const size_t first : columns.first) {
    float sum[4] = {0.5f, 0.5f, 0.5f, 0.5f};  // for rounding
    const float* from = blended + first * 3;
    for (size_t tap = 0; tap < columns.count; ++tap, from += 3)
      for (size_t c = 0; c < 4; ++c) sum[c] += weight[tap] * from[c];
    int32_t level[4];
    for (size_t c = 0; c < 4; ++c) level[c] = static_cast<int32_t>(sum[c]);
    for (size_t c = 0; c < 4; ++c) out[c] = static_cast<uint8_t>(level[c]);
    weight += columns.count;
    out += 3;
  }
}
/// The same for RGBA.
inline void resize_columns_with_alpha(const ResizeTaps& columns, const float* blended, uint8_t* out) {
  const float* weight = columns.weights.data();
  for (const size_t first : columns.first) {
    float sum[4] = {};
    for (size_t tap = 0; tap < columns.count; ++tap)
      for (size_t c = 0; c < 4; ++c) sum[c] += weight[tap] * blended[(first + tap) * 4 + c];
    const float opacity = sum[3];
    for (size_t c = 0; c < 3; ++c)
      out[c] = opacity > 0.0f ? static_cast<uint8_t>(std::min(255.0f, sum[c] / opacity + 0.5f)) : uint8_t{0};
    out[3] = static_cast<uint8_t>(std::min(255.0f, opacity * 255.0f + 0.5f));
    weight += columns.count;
    out += 4;
  }
}

/// As the two in the header; `rows` x `columns` of the picture's pixels count.
inline Image resize_covered(const Image& image, double rows_covered, double columns_covered, int height,
                            int width) {
  Image out{height, width, image.channels, {}, image.icc, image.exif, image.orientation};
  const auto channels = static_cast<size_t>(image.channels), in_width = static_cast<size_t>(image.width),
             out_width = static_cast<size_t>(width);
  const ResizeTaps columns = resize_taps(image.width, columns_covered, width);
  const ResizeTaps rows = resize_taps(image.height, rows_covered, height);
  out.pixels.resize(static_cast<size_t>(height) * out_width * channels + 1);  // see resize_columns()

  // One output row at a time: the input rows that it needs are blended first, then the columns.
  std::vector<float> blended(in_width * channels + 1);
  for (size_t y = 0; y < rows.first.size(); ++y) {
    std::fill(blended.begin(), blended.end(), 0.0f);
    for (size_t tap = 0; tap < rows.count; ++tap) {
      const float weight = rows.weights[y * rows.count + tap];
      const uint8_t* row = image.pixels.data() + (rows.first[y] + tap) * in_width * channels;
      if (weight > 0.0f)
        (channels == 4 ? add_row_with_alpha : add_row)(row, in_width, weight, blended.data());
    }
    (channels == 4 ? resize_columns_with_alpha : resize_columns)(
        columns, blended.data(), out.pixels.data() + y * out_width * channels);
  }
  out.pixels.pop_back();
  return out;
}

}  // namespace detail

T2UE_INLINE Image resize_image(const Image& image, int height, int width) {
  check_image(image);
  check(height > 0 && width > 0, "resize", "a picture of ", height, " x ", width, " pixels is not possible");
  if (height == image.height && width == image.width) return image;
  return detail::resize_covered(image, image.height, image.width, height, width);
}

T2UE_INLINE Image resize_image(const ReducedImage& picture, int height, int width) {
  const Image& image = picture.image;
  if (picture.height == image.height && picture.width == image.width)
    return resize_image(image, height, width);
  check_image(image);
  const bool covers = picture.height > image.height - 1 && picture.height <= image.height &&
                      picture.width > image.width - 1 && picture.width <= image.width;
  check(height > 0 && width > 0 && covers, "resize", "a picture of ", picture.height, " x ", picture.width,
        " in ", image.height, " x ", image.width, " pixels cannot be made ", height, " x ", width);
  return detail::resize_covered(image, picture.height, picture.width, height, width);
}

}  // namespace t2ue
