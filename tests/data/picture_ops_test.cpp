// Single operations, by values worked out by hand from the definitions of the Python Imaging Library.
#include <gtest/gtest.h>

#include <errors.hpp>
#include <vector>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/picture_ops.hpp>

namespace t2ue {
namespace {

using testing_errors::expect_error;

/// A picture of one row, all channels alike.
std::vector<uint8_t> grey_row(const std::vector<int>& values) {
  std::vector<uint8_t> pixels;
  for (const int value : values) pixels.insert(pixels.end(), 3, static_cast<uint8_t>(value));
  return pixels;
}
std::vector<uint8_t> random_picture(int height, int width, uint64_t item = 0) {
  std::vector<uint8_t> pixels(static_cast<size_t>(height * width * 3));
  Random random(7, Purpose::test, item);
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random.below(256));
  return pixels;
}
std::vector<uint8_t> after(std::vector<uint8_t> pixels, int height, int width, PictureOp op,
                           float magnitude = 0) {
  apply_picture_op({pixels, height, width}, op, magnitude);
  return pixels;
}
/// The row after the operation.
std::vector<uint8_t> row_after(const std::vector<int>& values, PictureOp op, float magnitude = 0) {
  return after(grey_row(values), 1, static_cast<int>(values.size()), op, magnitude);
}

TEST(PictureOps, ValueByValue) {
  EXPECT_EQ(row_after({0, 100, 255}, PictureOp::identity), grey_row({0, 100, 255}));
  EXPECT_EQ(row_after({0, 100, 255}, PictureOp::invert), grey_row({255, 155, 0}));
  EXPECT_EQ(row_after({0, 99, 100, 255}, PictureOp::solarize, 100), grey_row({0, 99, 155, 0}));
  EXPECT_EQ(row_after({0, 100}, PictureOp::solarize, 0), grey_row({255, 155}));
  EXPECT_EQ(row_after({0, 100, 255}, PictureOp::solarize, 256), grey_row({0, 100, 255}));
  EXPECT_EQ(row_after({0x13, 0xAB, 0xFF}, PictureOp::posterize, 4), grey_row({0x10, 0xA0, 0xF0}));
  EXPECT_EQ(row_after({0x13, 0xAB, 0xFF}, PictureOp::posterize, 8), grey_row({0x13, 0xAB, 0xFF}));
}

TEST(PictureOps, BrightnessRoundsItsProductToFloat) {
  // 1.9f is below 1.9: 100 * 1.9f is 190 as a float, and 189.99... in exact arithmetic.
  EXPECT_EQ(row_after({100, 101, 200}, PictureOp::brightness, 1.9f), grey_row({190, 191, 255}));
  EXPECT_EQ(row_after({100, 101}, PictureOp::brightness, 0.5f), grey_row({50, 50}));
  EXPECT_EQ(row_after({100, 255}, PictureOp::brightness, 0), grey_row({0, 0}));
}

TEST(PictureOps, ColorIsBetweenLumaAndThePicture) {
  const std::vector<uint8_t> colours{255, 0, 0, 0, 255, 0, 0, 0, 255};
  EXPECT_EQ(after(colours, 1, 3, PictureOp::color, 0),
            (std::vector<uint8_t>{76, 76, 76, 150, 150, 150, 29, 29, 29}));
  // Halfway from 76: 165.5 and 38, cut off.
  EXPECT_EQ(after({255, 0, 0}, 1, 1, PictureOp::color, 0.5f), (std::vector<uint8_t>{165, 38, 38}));
}

TEST(PictureOps, ContrastIsAroundTheMeanLuma) {
  EXPECT_EQ(row_after({0, 255}, PictureOp::contrast, 0), grey_row({128, 128})) << "127.5 rounded up";
  EXPECT_EQ(row_after({100, 150}, PictureOp::contrast, 2), grey_row({75, 175}));
}

TEST(PictureOps, SharpnessIsAgainstASmoothedInterior) {
  std::vector<int> dot(9, 0);
  dot[4] = 130;
  // (130 + 4 * 130) / 13 = 50 in the middle; the rim is not smoothed.
  std::vector<int> smooth = dot, sharp = dot;
  smooth[4] = 50, sharp[4] = 210;
  EXPECT_EQ(after(grey_row(dot), 3, 3, PictureOp::sharpness, 0), grey_row(smooth));
  EXPECT_EQ(after(grey_row(dot), 3, 3, PictureOp::sharpness, 2), grey_row(sharp));
  EXPECT_EQ(after(grey_row({1, 200, 3}), 1, 3, PictureOp::sharpness, 0), grey_row({1, 200, 3}))
      << "too small for a kernel";
}

TEST(PictureOps, FactorOneChangesNothing) {
  const std::vector<uint8_t> picture = random_picture(5, 6);
  for (const PictureOp op :
       {PictureOp::brightness, PictureOp::color, PictureOp::contrast, PictureOp::sharpness})
    EXPECT_EQ(after(picture, 5, 6, op, 1), picture) << static_cast<int>(op);
}

TEST(PictureOps, AutocontrastSpreadsEachChannel) {
  // Red 50..150, green constant, blue 0..255.
  const std::vector<uint8_t> picture{50, 9, 0, 100, 9, 77, 150, 9, 255};
  EXPECT_EQ(after(picture, 1, 3, PictureOp::autocontrast),
            (std::vector<uint8_t>{0, 9, 0, 127, 9, 77, 255, 9, 255}));
}

TEST(PictureOps, EqualizeFlattensTheHistogram) {
  std::vector<int> values(255, 10);
  values.insert(values.end(), 255, 20);
  values.insert(values.end(), 300, 30);
  // step = (810 - 300) / 255 = 2; the table is (1 + pixels below) / 2.
  const std::vector<uint8_t> equal = row_after(values, PictureOp::equalize);
  EXPECT_EQ(equal[0], 0);
  EXPECT_EQ(equal[3 * 255], 128);
  EXPECT_EQ(equal[3 * 510], 255);
  EXPECT_EQ(row_after({7, 7, 9}, PictureOp::equalize), grey_row({7, 7, 9})) << "too few pixels for a step";
}

TEST(PictureOps, TranslationsMoveWholePixels) {
  EXPECT_EQ(row_after({1, 2, 3, 4}, PictureOp::translate_x, 1.9f), grey_row({2, 3, 4, outside_grey}));
  EXPECT_EQ(row_after({1, 2, 3, 4}, PictureOp::translate_x, -2),
            grey_row({outside_grey, outside_grey, 1, 2}));
  EXPECT_EQ(row_after({1, 2}, PictureOp::translate_x, 2), grey_row({outside_grey, outside_grey}));
  EXPECT_EQ(after(grey_row({1, 2, 3}), 3, 1, PictureOp::translate_y, 1), grey_row({2, 3, outside_grey}));
}

TEST(PictureOps, ShearsReadAtPixelCentres) {
  // From pixel (x, y)'s centre: x + 1/2 + (y + 1/2) is in pixel x + y + 1, and y + 1/2 - (x + 1/2) in y - x.
  const int g = outside_grey;
  const std::vector<uint8_t> picture = grey_row({1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(after(picture, 3, 3, PictureOp::shear_x, 1), grey_row({2, 3, g, 6, g, g, g, g, g}));
  EXPECT_EQ(after(picture, 3, 3, PictureOp::shear_y, -1), grey_row({1, g, g, 4, 2, g, 7, 5, 3}));
}

TEST(PictureOps, QuarterTurnsAreExact) {
  const std::vector<uint8_t> picture = grey_row({1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(after(picture, 3, 3, PictureOp::rotate, 90), grey_row({3, 6, 9, 2, 5, 8, 1, 4, 7}));
  EXPECT_EQ(after(picture, 3, 3, PictureOp::rotate, -90), grey_row({7, 4, 1, 8, 5, 2, 9, 6, 3}));
  EXPECT_EQ(after(picture, 3, 3, PictureOp::rotate, 180), grey_row({9, 8, 7, 6, 5, 4, 3, 2, 1}));
  const std::vector<uint8_t> wide = random_picture(6, 11);
  EXPECT_EQ(after(wide, 6, 11, PictureOp::rotate, 0), wide);
  EXPECT_EQ(after(after(wide, 6, 11, PictureOp::rotate, 180), 6, 11, PictureOp::rotate, 180), wide);
}

TEST(PictureOps, RotationAgreesWithItsFormula) {
  const int size = 15;
  const std::vector<uint8_t> picture = random_picture(size, size),
                             turned = after(picture, size, size, PictureOp::rotate, 30);
  const double c = std::cos(3.14159265358979323846 / 6), s = std::sin(3.14159265358979323846 / 6);
  int outside = 0;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const double dx = x - (size - 1) / 2.0, dy = y - (size - 1) / 2.0;
      // Counter-clockwise on the screen, whose y points down.
      const double from_x = c * dx - s * dy + size / 2.0, from_y = s * dx + c * dy + size / 2.0;
      const bool inside = from_x >= 0 && from_x < size && from_y >= 0 && from_y < size;
      outside += !inside;
      const auto from = static_cast<size_t>((static_cast<int>(from_y) * size + static_cast<int>(from_x)) * 3);
      EXPECT_EQ(turned[static_cast<size_t>((y * size + x) * 3)], inside ? picture[from] : outside_grey)
          << x << " " << y;
    }
  EXPECT_GT(outside, 0);
}

TEST(PictureOps, RefusesPicturesOfOtherSizes) {
  std::vector<uint8_t> pixels(12);
  expect_error([&] { apply_picture_op({pixels, 2, 3}, PictureOp::invert, 0); }, {"12 bytes"});
  expect_error([&] { apply_picture_op({{}, 0, 0}, PictureOp::invert, 0); }, {"0 x 0"});
}

}  // namespace
}  // namespace t2ue
