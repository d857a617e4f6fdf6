#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/picture_ops.hpp>

namespace t2ue {

namespace detail {

using ByteTable = std::array<uint8_t, 256>;

template <class F>
ByteTable byte_table(const F& value) {
  ByteTable table;
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = static_cast<uint8_t>(value(i));
  return table;
}

inline void look_up(RgbView picture, const ByteTable& table) {
  for (uint8_t& value : picture.pixels) value = table[value];
}

/// A table a channel, made from that channel's histogram.
template <class F>
void look_up_by_histogram(RgbView picture, const F& table_of) {
  std::array<std::array<int64_t, 256>, 3> histograms{};
  for (size_t i = 0; i + 2 < picture.pixels.size(); i += 3)
    for (size_t c = 0; c < 3; ++c) ++histograms[c][picture.pixels[i + c]];
  const std::array<ByteTable, 3> tables{table_of(histograms[0]), table_of(histograms[1]),
                                        table_of(histograms[2])};
  for (size_t i = 0; i + 2 < picture.pixels.size(); i += 3)
    for (size_t c = 0; c < 3; ++c) picture.pixels[i + c] = tables[c][picture.pixels[i + c]];
}

inline ByteTable autocontrast_table(const std::array<int64_t, 256>& histogram) {
  int low = 0, high = 255;
  while (low < 255 && histogram[static_cast<size_t>(low)] == 0) ++low;
  while (high > 0 && histogram[static_cast<size_t>(high)] == 0) --high;
  if (high <= low) return byte_table([](int i) { return i; });
  return byte_table([&](int i) { return std::clamp((i - low) * 255 / (high - low), 0, 255); });
}

inline ByteTable equalize_table(const std::array<int64_t, 256>& histogram) {
  int64_t pixels = 0, last = 0, levels = 0;
  for (const int64_t count : histogram) {
    pixels += count;
    if (count == 0) continue;
    last = count;
    ++levels;
  }
  const int64_t step = (pixels - last) / 255;
  if (levels <= 1 || step == 0) return byte_table([](int i) { return i; });
  int64_t below = step / 2;
  return byte_table([&](int i) {
    const int64_t value = std::min<int64_t>(below / step, 255);
    below += histogram[static_cast<size_t>(i)];
    return value;
  });
}

/// Luma in 1/65536, rounded to nearest.
inline int luma_of(const uint8_t* rgb) {
  return (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16;
}

/// degenerate + factor * (value - degenerate), cut off to a whole number within 0..255. The products are
/// rounded to float before they are added, as without a fused multiply-add: no compiler can fuse them,
/// because they are in a table.
class FactorBlend {
 public:
  explicit FactorBlend(float factor) {
    for (int d = -255; d <= 255; ++d)
      products_[static_cast<size_t>(d + 255)] = factor * static_cast<float>(d);
  }
  uint8_t operator()(int degenerate, int value) const {
    const float blend =
        static_cast<float>(degenerate) + products_[static_cast<size_t>(value - degenerate + 255)];
    return static_cast<uint8_t>(std::clamp(blend, 0.0f, 255.0f));
  }

 private:
  std::array<float, 511> products_;
};

inline void change_contrast(RgbView picture, const FactorBlend& blend) {
  int64_t sum = 0;
  const auto pixels = static_cast<int64_t>(picture.pixels.size() / 3);
  for (size_t i = 0; i + 2 < picture.pixels.size(); i += 3) sum += luma_of(&picture.pixels[i]);
  const int mean = static_cast<int>((2 * sum + pixels) / (2 * pixels));
  look_up(picture, byte_table([&](int i) { return blend(mean, i); }));
}

inline void change_color(RgbView picture, const FactorBlend& blend) {
  for (size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    const int grey = luma_of(&picture.pixels[i]);
    for (size_t c = 0; c < 3; ++c) picture.pixels[i + c] = blend(grey, picture.pixels[i + c]);
  }
}

/// Against the picture smoothed by (1 1 1; 1 5 1; 1 1 1)/13, whose rim is that of the picture.
inline void change_sharpness(RgbView picture, const FactorBlend& blend) {
  if (picture.height < 3 || picture.width < 3) return;
  const std::vector<uint8_t> before(picture.pixels.begin(), picture.pixels.end());
  const auto row = static_cast<size_t>(picture.width) * 3;
  for (size_t y = 1; y + 1 < static_cast<size_t>(picture.height); ++y)
    for (size_t x = 3; x + 3 < row; ++x) {
      const uint8_t* at = &before[y * row + x];
      int sum = 4 * at[0];
      for (const uint8_t* line : {at - row, at, at + row}) sum += line[-3] + line[0] + line[3];
      picture.pixels[y * row + x] = blend((sum + 6) / 13, at[0]);
    }
}

/// Output (x, y) reads input (xx * x + xy * y + x0, yx * x + yy * y + y0), in coordinates whose whole numbers
/// are the corners of pixels.
struct AffineMap {
  double xx, xy, x0, yx, yy, y0;
};

inline void transform(RgbView picture, const AffineMap& map) {
  const auto fixed = [](double value) { return static_cast<int64_t>(std::floor(value * 65536.0 + 0.5)); };
  const std::vector<uint8_t> before(picture.pixels.begin(), picture.pixels.end());
  // Halves are exact, so that it does not matter how a compiler sums them.
  int64_t line_x = fixed(map.x0 + 0.5 * map.xx + 0.5 * map.xy);
  int64_t line_y = fixed(map.y0 + 0.5 * map.yx + 0.5 * map.yy);
  const int64_t xx = fixed(map.xx), xy = fixed(map.xy), yx = fixed(map.yx), yy = fixed(map.yy);
  uint8_t* to = picture.pixels.data();
  for (int y = 0; y < picture.height; ++y, line_x += xy, line_y += yy) {
    int64_t from_x = line_x, from_y = line_y;
    for (int x = 0; x < picture.width; ++x, from_x += xx, from_y += yx, to += 3) {
      const int64_t column = from_x >> 16, line = from_y >> 16;
      const bool inside = column >= 0 && column < picture.width && line >= 0 && line < picture.height;
      if (inside)
        std::copy_n(&before[static_cast<size_t>(line * picture.width + column) * 3], 3, to);
      else
        std::fill_n(to, 3, outside_grey);
    }
  }
}

inline AffineMap rotation(float degrees, int height, int width) {
  const double angle = -static_cast<double>(degrees) * (3.14159265358979323846 / 180.0);
  // Fifteen digits, so that quarter turns are exact and the last bits of a library's sine do not matter.
  const auto digits = [](double value) { return std::round(value * 1e15) / 1e15; };
  const double c = digits(std::cos(angle)), s = digits(std::sin(angle));
  const double middle_x = width / 2.0, middle_y = height / 2.0;
  return {c,  s, middle_x - std::fma(c, middle_x, s * middle_y),
          -s, c, middle_y - std::fma(-s, middle_x, c * middle_y)};
}

}  // namespace detail

T2UE_INLINE void apply_picture_op(RgbView picture, PictureOp op, float magnitude) {
  check(picture.height > 0 && picture.width > 0 &&
            picture.pixels.size() ==
                static_cast<size_t>(picture.height) * static_cast<size_t>(picture.width) * 3,
        "picture", "a picture of ", picture.height, " x ", picture.width, " x 3 cannot have ",
        picture.pixels.size(), " bytes");
  const auto level = static_cast<double>(magnitude);
  const auto blend = [&] { return detail::FactorBlend(magnitude); };
  switch (op) {
    case PictureOp::identity:
      return;
    case PictureOp::shear_x:
      return detail::transform(picture, {1, level, 0, 0, 1, 0});
    case PictureOp::shear_y:
      return detail::transform(picture, {1, 0, 0, level, 1, 0});
    case PictureOp::translate_x:
      return detail::transform(picture, {1, 0, std::trunc(level), 0, 1, 0});
    case PictureOp::translate_y:
      return detail::transform(picture, {1, 0, 0, 0, 1, std::trunc(level)});
    case PictureOp::rotate:
      return detail::transform(picture, detail::rotation(magnitude, picture.height, picture.width));
    case PictureOp::brightness:
      return detail::look_up(picture, detail::byte_table([blend = blend()](int i) { return blend(0, i); }));
    case PictureOp::color:
      return detail::change_color(picture, blend());
    case PictureOp::contrast:
      return detail::change_contrast(picture, blend());
    case PictureOp::sharpness:
      return detail::change_sharpness(picture, blend());
    case PictureOp::posterize: {
      const int kept = 0xFF00 >> std::clamp(static_cast<int>(magnitude), 0, 8);
      return detail::look_up(picture, detail::byte_table([&](int i) { return i & kept; }));
    }
    case PictureOp::solarize:
      return detail::look_up(picture, detail::byte_table([&](int i) {
                               return static_cast<float>(i) < magnitude ? i : 255 - i;
                             }));
    case PictureOp::autocontrast:
      return detail::look_up_by_histogram(picture, detail::autocontrast_table);
    case PictureOp::equalize:
      return detail::look_up_by_histogram(picture, detail::equalize_table);
    case PictureOp::invert:
      return detail::look_up(picture, detail::byte_table([](int i) { return 255 - i; }));
  }
}

}  // namespace t2ue
