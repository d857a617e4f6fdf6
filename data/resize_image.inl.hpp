#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/data/resize_image.hpp>

namespace t2ue {
namespace detail {

/// Which inputs make one output along an axis, and how much of each; the weights add up to 1.
struct ResizeTaps {
  size_t first = 0;
  std::vector<float> weights;
};

inline std::vector<ResizeTaps> resize_taps(int from, int to) {
  std::vector<ResizeTaps> all(static_cast<size_t>(to));
  const double ratio = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    ResizeTaps& taps = all[static_cast<size_t>(i)];
    if (to < from) {
      const double low = i * ratio, high = (i + 1) * ratio;
      const int first = static_cast<int>(low);
      const int last = std::min(from, static_cast<int>(std::ceil(high - 1e-9)));
      taps.first = static_cast<size_t>(first);
      for (int j = first; j < last; ++j)
        taps.weights.push_back(
            static_cast<float>((std::min<double>(j + 1, high) - std::max<double>(j, low)) / ratio));
    } else {
      const double centre = std::clamp((i + 0.5) * ratio - 0.5, 0.0, from - 1.0);
      const int first = std::min(static_cast<int>(centre), std::max(from - 2, 0));
      const auto share = static_cast<float>(centre - first);
      taps.first = static_cast<size_t>(first);
      taps.weights = from == 1 ? std::vector<float>{1.0f} : std::vector<float>{1.0f - share, share};
    }
  }
  return all;
}

}  // namespace detail

T2UE_INLINE Image resize_image(const Image& image, int height, int width) {
  check_image(image);
  check(height > 0 && width > 0, "resize", "a picture of ", height, " x ", width, " pixels is not possible");
  if (height == image.height && width == image.width) return image;
  Image out{height, width, image.channels, {}, image.icc, image.exif, image.orientation};
  const size_t channels = static_cast<size_t>(image.channels), in_width = static_cast<size_t>(image.width),
               out_width = static_cast<size_t>(width);
  const bool alpha = channels == 4;
  const auto columns = detail::resize_taps(image.width, width);
  const auto rows = detail::resize_taps(image.height, height);
  out.pixels.resize(static_cast<size_t>(height) * out_width * channels);

  // One output row at a time: the input rows that it needs are blended first, then the columns.
  std::vector<float> blended(in_width * channels);
  for (size_t y = 0; y < rows.size(); ++y) {
    std::fill(blended.begin(), blended.end(), 0.0f);
    for (size_t tap = 0; tap < rows[y].weights.size(); ++tap) {
      const uint8_t* row = image.pixels.data() + (rows[y].first + tap) * in_width * channels;
      const float weight = rows[y].weights[tap];
      for (size_t x = 0; x < in_width; ++x) {
        const float share = alpha ? weight * static_cast<float>(row[x * 4 + 3]) / 255.0f : weight;
        for (size_t c = 0; c < 3; ++c)
          blended[x * channels + c] += share * static_cast<float>(row[x * channels + c]);
        if (alpha) blended[x * 4 + 3] += share;
      }
    }
    for (size_t x = 0; x < out_width; ++x) {
      float sum[4] = {};
      for (size_t tap = 0; tap < columns[x].weights.size(); ++tap)
        for (size_t c = 0; c < channels; ++c)
          sum[c] += columns[x].weights[tap] * blended[(columns[x].first + tap) * channels + c];
      uint8_t* pixel = out.pixels.data() + (y * out_width + x) * channels;
      const float opacity = alpha ? sum[3] : 1.0f;
      for (size_t c = 0; c < 3; ++c)
        pixel[c] =
            opacity > 0.0f ? static_cast<uint8_t>(std::min(255.0f, sum[c] / opacity + 0.5f)) : uint8_t{0};
      if (alpha) pixel[3] = static_cast<uint8_t>(std::min(255.0f, opacity * 255.0f + 0.5f));
    }
  }
  return out;
}

}  // namespace t2ue
