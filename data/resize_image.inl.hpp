#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/data/resize_image.hpp>

namespace t2ue {
namespace detail {

/// Which inputs make each output along an axis, and how much of each; the weights of one add up to 1.
struct ResizeTaps {
  struct Output {
    size_t first;       ///< its first input
    size_t begin, end;  ///< its weights, in `weights`
  };
  std::vector<Output> outputs;
  std::vector<float> weights;
};

/// `pixels` inputs, of which the picture covers `from`, to `to` outputs.
inline ResizeTaps resize_taps(int pixels, double from, int to) {
  ResizeTaps taps;
  const double ratio = from / to;
  for (int i = 0; i < to; ++i) {
    const size_t begin = taps.weights.size();
    int first = 0;
    if (to < from) {
      const double low = i * ratio, high = (i + 1) * ratio;
      first = static_cast<int>(low);
      const int last = std::min(pixels, static_cast<int>(std::ceil(high - 1e-9)));
      for (int j = first; j < last; ++j)
        taps.weights.push_back(
            static_cast<float>((std::min<double>(j + 1, high) - std::max<double>(j, low)) / ratio));
    } else {
      const double centre = std::clamp((i + 0.5) * ratio - 0.5, 0.0, pixels - 1.0);
      first = std::min(static_cast<int>(centre), std::max(pixels - 2, 0));
      const auto share = static_cast<float>(centre - first);
      taps.weights.push_back(pixels == 1 ? 1.0f : 1.0f - share);
      if (pixels > 1) taps.weights.push_back(share);
    }
    taps.outputs.push_back({static_cast<size_t>(first), begin, taps.weights.size()});
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

/// One row of output from a blended one, behind whose end one more number may be read: RGB is summed four
/// numbers at a time, the fourth for nothing, because that is one vector.
template <size_t channels>
void resize_columns(const ResizeTaps& columns, const float* blended, uint8_t* out) {
  for (const ResizeTaps::Output& output : columns.outputs) {
    float sum[4] = {};
    const float* from = blended + output.first * channels;
    for (size_t tap = output.begin; tap < output.end; ++tap, from += channels)
      for (size_t c = 0; c < 4; ++c) sum[c] += columns.weights[tap] * from[c];
    const float opacity = channels == 4 ? sum[3] : 1.0f;
    for (size_t c = 0; c < 3; ++c)
      out[c] = opacity > 0.0f ? static_cast<uint8_t>(std::min(255.0f, sum[c] / opacity + 0.5f)) : uint8_t{0};
    if (channels == 4) out[3] = static_cast<uint8_t>(std::min(255.0f, opacity * 255.0f + 0.5f));
    out += channels;
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
  out.pixels.resize(static_cast<size_t>(height) * out_width * channels);

  // One output row at a time: the input rows that it needs are blended first, then the columns.
  std::vector<float> blended(in_width * channels + 1);
  uint8_t* out_row = out.pixels.data();
  for (const ResizeTaps::Output& output : rows.outputs) {
    std::fill(blended.begin(), blended.end(), 0.0f);
    const uint8_t* row = image.pixels.data() + output.first * in_width * channels;
    for (size_t tap = output.begin; tap < output.end; ++tap, row += in_width * channels)
      (channels == 4 ? add_row_with_alpha : add_row)(row, in_width, rows.weights[tap], blended.data());
    (channels == 4 ? resize_columns<4> : resize_columns<3>)(columns, blended.data(), out_row);
    out_row += out_width * channels;
  }
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
