#include <gtest/gtest.h>

#include <cmath>
#include <errors.hpp>

#include <t2ue/core/rng.hpp>
#include <t2ue/noise/ssim.hpp>

namespace t2ue {
namespace {

using testing_errors::expect_error;

Image random_picture(int height, int width, uint64_t item, int channels = 3) {
  Image image{height, width, channels, {}, {}, {}, 1};
  Random random(2, Purpose::test, item);
  for (int i = 0; i < height * width * channels; ++i)
    image.pixels.push_back(static_cast<uint8_t>(random.below(256)));
  return image;
}
Image flat(int size, int value) {
  return {
      size, size, 3, std::vector<uint8_t>(static_cast<size_t>(size * size * 3), static_cast<uint8_t>(value)),
      {},   {},   1};
}

constexpr double c1 = 6.5025, c2 = 58.5225;

/// The definition, window by window and with the variances themselves.
double plain_ssim(const Image& a, const Image& b) {
  const int rows = std::min(a.height, 11), columns = std::min(a.width, 11);
  const auto weight = [&](int i, int j) {
    const double y = i - (rows - 1) / 2.0, x = j - (columns - 1) / 2.0;
    return std::exp(-(y * y + x * x) / 4.5);
  };
  double total = 0, sum = 0;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) total += weight(i, j);
  int count = 0;
  for (int y = 0; y + rows <= a.height; ++y)
    for (int x = 0; x + columns <= a.width; ++x)
      for (int c = 0; c < 3; ++c, ++count) {
        const auto mean = [&](const auto& value) {
          double m = 0;
          for (int i = 0; i < rows; ++i)
            for (int j = 0; j < columns; ++j)
              m += weight(i, j) / total *
                   value(static_cast<size_t>(((y + i) * a.width + x + j) * a.channels + c));
          return m;
        };
        const double ma = mean([&](size_t p) { return double(a.pixels[p]); });
        const double mb = mean([&](size_t p) { return double(b.pixels[p]); });
        const double va = mean([&](size_t p) { return (a.pixels[p] - ma) * (a.pixels[p] - ma); });
        const double vb = mean([&](size_t p) { return (b.pixels[p] - mb) * (b.pixels[p] - mb); });
        const double vab = mean([&](size_t p) { return (a.pixels[p] - ma) * (b.pixels[p] - mb); });
        sum += (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
      }
  return sum / count;
}

TEST(Ssim, OfEqualPicturesIsOne) {
  const Image picture = random_picture(17, 23, 0);
  EXPECT_NEAR(ssim(picture, picture), 1, 1e-12);
}

TEST(Ssim, IsSymmetricAndLessForMoreNoise) {
  const Image picture = random_picture(20, 20, 0), other = random_picture(20, 20, 1);
  EXPECT_DOUBLE_EQ(ssim(picture, other), ssim(other, picture));
  Image near = picture;
  for (uint8_t& value : near.pixels) value = static_cast<uint8_t>(value ^ 8);
  EXPECT_GT(ssim(picture, near), 0.98);
  EXPECT_LT(ssim(picture, near), 1);
  EXPECT_LT(ssim(picture, other), 0.3);
}

TEST(Ssim, OfFlatPicturesIsTheTermOfTheirMeans) {
  EXPECT_NEAR(ssim(flat(12, 100), flat(12, 120)), (2 * 100 * 120 + c1) / (100 * 100 + 120 * 120 + c1), 1e-9);
  EXPECT_NEAR(ssim(flat(12, 0), flat(12, 255)), c1 / (255 * 255 + c1), 1e-9);
}

TEST(Ssim, OfAPictureAndItsNegativeIsNegative) {
  const Image picture = random_picture(16, 16, 0);
  Image negative = picture;
  for (uint8_t& value : negative.pixels) value = static_cast<uint8_t>(255 - value);
  EXPECT_LT(ssim(picture, negative), -0.9);
}

TEST(Ssim, AgreesWithItsDefinition) {
  for (const auto& [height, width] :
       std::vector<std::pair<int, int>>{{15, 12}, {11, 11}, {5, 13}, {8, 8}, {1, 1}})
    EXPECT_NEAR(ssim(random_picture(height, width, 0), random_picture(height, width, 1)),
                plain_ssim(random_picture(height, width, 0), random_picture(height, width, 1)), 1e-9)
        << height << " x " << width;
}

TEST(Ssim, DoesNotLookAtAlpha) {
  const Image picture = random_picture(13, 13, 0, 4), other = random_picture(13, 13, 1, 4);
  EXPECT_NEAR(ssim(picture, other), plain_ssim(picture, other), 1e-9);
  Image clear = picture;
  for (size_t i = 3; i < clear.pixels.size(); i += 4) clear.pixels[i] = 0;
  EXPECT_NEAR(ssim(picture, clear), 1, 1e-12);
}

TEST(Ssim, RefusesPicturesOfOtherSizes) {
  expect_error([] { ssim(random_picture(3, 4, 0), random_picture(4, 3, 0)); }, {"3 x 4", "4 x 3"});
  expect_error([] { ssim(random_picture(3, 4, 0), random_picture(3, 4, 0, 4)); }, {"compared"});
}

}  // namespace
}  // namespace t2ue
