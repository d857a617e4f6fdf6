// OPS, one-pixel shortcut (Wu et al., ICLR 2023, arXiv 2205.12141): all pictures of a class get one pixel of
// one extreme colour, where that differs most and most steadily from what they had.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/noise/picture_transform.hpp>

namespace t2ue {

/// Sums over the pictures of every class: how far each pixel is from each of the 8 colours {0, 255}^3. Whole
/// numbers, so that neither the order of the pictures nor the machine matters.
class OnePixelStatistics {
 public:
  /// For pictures of height x width. Throws Error for a number below 1 or tables of more than 2 GiB.
  OnePixelStatistics(int classes, int height, int width);

  /// Counts a picture; alpha is not looked at. Throws Error for another size, an orientation that is not
  /// upright, or a class that there is not.
  void add(const Image& picture, int label);
  /// The same for height*width*3 bytes (HWC).
  void add(std::span<const uint8_t> pixels, int label);

  int classes() const { return static_cast<int>(counts_.size()); }
  int height() const { return height_; }
  int width() const { return width_; }
  /// Pictures counted of a class.
  int64_t count(int label) const { return counts_.at(static_cast<size_t>(label)); }
  /// Mean over standard deviation of the distance |colour - pixel|, summed over channels, of pixel number
  /// row*width + column. A distance that never varies counts as one that varies by half a step, which is what
  /// 8 bits cannot tell from it. Throws Error if no picture of the class was counted.
  double score(int label, size_t pixel, int colour) const;

 private:
  struct Sums {
    int64_t distance = 0, squares = 0;
  };
  void add_pixels(const uint8_t* pixels, size_t channels, int label);

  int height_, width_;
  std::vector<int64_t> counts_;
  std::vector<Sums> sums_;  // [class][pixel][colour]
};

/// A class's pixel and its colour: bit 2 of `colour` is red, bit 1 green, bit 0 blue.
struct OnePixel {
  int row = 0, column = 0, colour = 0;
  std::array<uint8_t, 3> rgb() const {
    const auto byte = [&](int bit) { return static_cast<uint8_t>((colour >> bit & 1) * 255); };
    return {byte(2), byte(1), byte(0)};
  }
  bool operator==(const OnePixel&) const = default;
};

/// The pixel and colour with the largest score for every class in order, without those that an earlier class
/// took; the first by row, column, colour of equals. Throws Error for a class without pictures, and for more
/// classes than there are choices.
std::vector<OnePixel> choose_one_pixels(const OnePixelStatistics& statistics);

class OnePixelShortcut final : public PictureTransform {
 public:
  static MethodCard describe();

  /// Throws Error as choose_one_pixels does.
  explicit OnePixelShortcut(const OnePixelStatistics& statistics);

  const MethodCard& card() const override { return card_; }
  /// Throws Error as well for a picture of another size than the statistics were taken at.
  Image apply(const NoiseItem& item, const Image& picture) const override;

  const std::vector<OnePixel>& pixels() const { return pixels_; }

 private:
  MethodCard card_;
  int height_, width_;
  std::vector<OnePixel> pixels_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/one_pixel.inl.hpp>
#endif
