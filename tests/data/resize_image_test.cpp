#include <gtest/gtest.h>

#include <t2ue/data/image/resize_image.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using Bytes = std::vector<uint8_t>;

Image grey_row(const Bytes& levels) {
  Image image{1, static_cast<int>(levels.size()), 3, {}, {}, {}, 1};
  for (const uint8_t level : levels) image.pixels.insert(image.pixels.end(), 3, level);
  return image;
}

Bytes levels(const Image& image) {
  Bytes out;
  for (size_t i = 0; i < image.pixels.size(); i += 3) out.push_back(image.pixels[i]);
  return out;
}

TEST(ResizeImage, SmallerIsTheMeanOfTheArea) {
  EXPECT_EQ(levels(resize_image(grey_row({0, 10, 100, 200}), 1, 2)), (Bytes{5, 150}));
  // Three pixels to two: each output covers one and a half inputs.
  EXPECT_EQ(levels(resize_image(grey_row({30, 90, 240}), 1, 2)), (Bytes{50, 190}));
}

TEST(ResizeImage, LargerIsLinear) {
  EXPECT_EQ(levels(resize_image(grey_row({0, 100}), 1, 4)), (Bytes{0, 25, 75, 100}));
  EXPECT_EQ(levels(resize_image(grey_row({40}), 1, 3)), (Bytes{40, 40, 40}));
}

TEST(ResizeImage, BothSidesAtOnce) {
  const Image image = random_image(12, 8, 3);
  const Image small = resize_image(image, 4, 16);
  EXPECT_EQ(small.height, 4);
  EXPECT_EQ(small.width, 16);
  double in = 0, out = 0;
  for (const uint8_t value : image.pixels) in += value;
  for (const uint8_t value : resize_image(image, 3, 2).pixels) out += value;
  EXPECT_NEAR(in / static_cast<double>(image.pixels.size()), out / 18, 0.5);
}

TEST(ResizeImage, ConstantStaysConstantAndSameSizeIsACopy) {
  const Image white{7, 5, 3, Bytes(105, 255), {1, 2}, {}, 1};
  for (const int size : {1, 2, 3, 6, 31}) {
    const Image out = resize_image(white, size, size);
    EXPECT_EQ(out.pixels, Bytes(static_cast<size_t>(size * size * 3), 255)) << size;
    EXPECT_EQ(out.icc, white.icc);
  }
  const Image image = random_image(7, 5, 4);
  EXPECT_EQ(resize_image(image, 7, 5).pixels, image.pixels);
}

TEST(ResizeImage, HiddenColoursDoNotBleed) {
  const Image image{1, 2, 4, {200, 0, 0, 255, 0, 255, 0, 0}, {}, {}, 1};
  EXPECT_EQ(resize_image(image, 1, 1).pixels, (Bytes{200, 0, 0, 128}));
}

TEST(ResizeImage, ImpossibleSizes) {
  EXPECT_THROW(resize_image(random_image(2, 2, 3), 0, 2), Error);
  EXPECT_THROW(resize_image(Image{}, 2, 2), Error);
}

}  // namespace
