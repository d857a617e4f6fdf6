#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/plasma.hpp>

namespace t2ue {

namespace detail {

/// Random 16-bit numbers, two from each word.
class HalfWords {
 public:
  explicit HalfWords(Random& random) : random_(random) {}
  int32_t next() {
    if (!left_) word_ = random_.bits();
    left_ = !left_;
    return static_cast<int32_t>(left_ ? word_ >> 16 : word_ & 0xFFFFu);
  }

 private:
  Random& random_;
  uint32_t word_ = 0;
  bool left_ = false;
};

/// A square grid of 2^k + 1 points a side, in 0..65535.
class DiamondSquare {
 public:
  DiamondSquare(int least_side, float roughness, Random& random) : words_(random) {
    int steps = 1;
    while (steps + 1 < least_side) steps *= 2;
    side_ = steps + 1;
    points_.resize(static_cast<size_t>(side_) * static_cast<size_t>(side_));
    for (const int y : {0, steps})
      for (const int x : {0, steps}) at(y, x) = words_.next();
    float scale = 1;
    for (int step = steps; step > 1; step /= 2, scale *= roughness)
      halve(step, static_cast<int32_t>(scale * 65536.0f));
  }
  uint16_t value(int y, int x) const {
    return static_cast<uint16_t>(points_[static_cast<size_t>(y * side_ + x)]);
  }

 private:
  int32_t& at(int y, int x) { return points_[static_cast<size_t>(y * side_ + x)]; }

  /// `mean` moved towards a random value by scale / 65536.
  int32_t moved(int32_t mean) {
    return mean + static_cast<int32_t>((int64_t{words_.next() - mean} * scale_) >> 16);
  }

  /// Fills in the points between those `step` apart.
  void halve(int step, int32_t scale) {
    scale_ = scale;
    const int half = step / 2;
    for (int y = half; y < side_; y += step)
      for (int x = half; x < side_; x += step)
        at(y, x) = moved((at(y - half, x - half) + at(y - half, x + half) + at(y + half, x - half) +
                          at(y + half, x + half)) /
                         4);
    for (int y = 0; y < side_; y += half)
      for (int x = y / half % 2 == 0 ? half : 0; x < side_; x += step)
        at(y, x) = moved(cross_mean(y, x, half));
  }

  /// The mean of the points `half` above, below, left and right, as far as they are on the grid.
  int32_t cross_mean(int y, int x, int half) {
    const int last = side_ - 1;
    if (y > 0 && y < last && x > 0 && x < last)
      return (at(y - half, x) + at(y + half, x) + at(y, x - half) + at(y, x + half)) / 4;
    // On a rim, and never in a corner.
    if (y == 0 || y == last)
      return (at(y == 0 ? half : last - half, x) + at(y, x - half) + at(y, x + half)) / 3;
    return (at(y - half, x) + at(y + half, x) + at(y, x == 0 ? half : last - half)) / 3;
  }

  HalfWords words_;
  int side_ = 0;
  int32_t scale_ = 0;
  std::vector<int32_t> points_;
};

/// value = f(value, map) for every channel with a map of its own.
template <class F>
void follow_plasma(RgbView picture, float roughness, Random& random, const F& f) {
  for (size_t c = 0; c < 3; ++c) {
    const std::vector<uint16_t> map = plasma_map(picture.height, picture.width, roughness, random);
    for (size_t p = 0; p < map.size(); ++p) {
      uint8_t& value = picture.pixels[3 * p + c];
      value = static_cast<uint8_t>(std::clamp<int64_t>(f(int64_t{value}, int64_t{map[p]}), 0, 255));
    }
  }
}

}  // namespace detail

T2UE_INLINE std::vector<uint16_t> plasma_map(int height, int width, float roughness, Random& random) {
  check(height > 0 && width > 0 && height <= 1 << 14 && width <= 1 << 14 && roughness >= 0 && roughness <= 1,
        "plasma", "a map has 1..16384 pixels a side and a roughness in [0,1], not ", height, " x ", width,
        " and ", roughness);
  const detail::DiamondSquare grid(std::max(height, width), roughness, random);
  std::vector<uint16_t> map;
  map.reserve(static_cast<size_t>(height) * static_cast<size_t>(width));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) map.push_back(grid.value(y, x));
  return map;
}

T2UE_INLINE void plasma_brightness(RgbView picture, float roughness, float intensity, Random& random) {
  const auto steps = static_cast<int64_t>(intensity * 65536.0f) * 255;
  // In 1/2^32 of a step, half a step added before the rest is cut off.
  detail::follow_plasma(picture, roughness, random, [&](int64_t value, int64_t map) {
    return value + ((steps * (2 * map - 65535) + (int64_t{1} << 31)) >> 32);
  });
}

T2UE_INLINE void plasma_contrast(RgbView picture, float roughness, Random& random) {
  // In half steps from mid-grey, 127.5.
  detail::follow_plasma(picture, roughness, random, [](int64_t value, int64_t map) {
    return ((2 * value - 255) * 4 * map + 256 * int64_t{65536}) >> 17;
  });
}

}  // namespace t2ue
