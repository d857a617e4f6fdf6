// Methods that are no noise: the class-wise filter and the one-pixel shortcut.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <t2ue/methods/class_filter.hpp>
#include <t2ue/methods/one_pixel.hpp>

#include "data/pictures.hpp"
#include "errors.hpp"

namespace t2ue {
namespace {

using testing_data::random_image;
using testing_errors::expect_error;

NoiseItem of_class(int label) {
  return {concat("class", label), "", label, nullptr};
}

TEST(ClassFilter, FiltersAreBlursWithAOneInTheMiddle) {
  const ClassFilter filter(0.3, 5);
  std::set<std::array<double, 9>> different;
  for (int label = 0; label < 20; ++label) {
    const std::array<double, 9> values = filter.filter_of(label);
    different.insert(values);
    for (size_t k = 0; k < 9; ++k) {
      if (k == 4)
        EXPECT_EQ(values[k], 1.0);
      else
        EXPECT_TRUE(values[k] >= 0 && values[k] < 0.3) << values[k];
    }
  }
  EXPECT_EQ(different.size(), 20u);
  EXPECT_EQ(ClassFilter(0.3, 5).filter_of(3), filter.filter_of(3));
  EXPECT_NE(ClassFilter(0.3, 6).filter_of(3), filter.filter_of(3)) << "the seed is not used";
  EXPECT_FALSE(filter.card().additive);
  EXPECT_EQ(name_of(filter.card().norm), "none");
}

TEST(ClassFilter, IsAConvolutionDividedByItsMaximum) {
  const ClassFilter method(0.3, 1);
  for (const int channels : {3, 4}) {
    const Image picture = random_image(7, 9, channels, 11);
    const Image result = method.apply(of_class(2), picture);
    const std::array<double, 9> k = method.filter_of(2);
    // Directly from the definition: (k * x)(y, x) = sum over a, b of k(a, b) x(y - a, x - b).
    double reference[7][9][3] = {}, largest = 0;
    for (int y = 0; y < 7; ++y)
      for (int x = 0; x < 9; ++x)
        for (int c = 0; c < 3; ++c) {
          for (int a = -1; a <= 1; ++a)
            for (int b = -1; b <= 1; ++b) {
              const int v = y - a, u = x - b;
              if (v < 0 || v >= 7 || u < 0 || u >= 9) continue;
              reference[y][x][c] += k[static_cast<size_t>((a + 1) * 3 + b + 1)] *
                                    picture.pixels[static_cast<size_t>((v * 9 + u) * channels + c)];
            }
          largest = std::max(largest, reference[y][x][c]);
        }
    int top = 0;
    for (int y = 0; y < 7; ++y)
      for (int x = 0; x < 9; ++x) {
        const auto at = static_cast<size_t>((y * 9 + x) * channels);
        for (int c = 0; c < 3; ++c) {
          const int byte = result.pixels[at + static_cast<size_t>(c)];
          EXPECT_NEAR(byte, 255 * reference[y][x][c] / largest, 0.5 + 1e-9);
          top = std::max(top, byte);
        }
        if (channels == 4) {
          EXPECT_EQ(result.pixels[at + 3], picture.pixels[at + 3]) << "alpha changed";
        }
      }
    EXPECT_EQ(top, 255);
  }
}

TEST(ClassFilter, BlackStaysBlackAndBadInputIsRefused) {
  const ClassFilter method(0.3, 1);
  Image black{4, 4, 3, std::vector<uint8_t>(48, 0), {}, {}, 1};
  EXPECT_EQ(method.apply(of_class(0), black).pixels, black.pixels);
  expect_error([&] { method.apply({"none", "", {}, nullptr}, black); }, {"none", "no class"});
  black.orientation = 6;
  expect_error([&] { method.apply(of_class(0), black); }, {"class0", "orientation", "6"});
  black.pixels.pop_back();
  EXPECT_THROW(method.apply(of_class(0), black), Error);
  expect_error([] { ClassFilter(0, 1); }, {"blur"});
  expect_error([] { ClassFilter(NAN, 1); }, {"blur"});
}

OnePixelStatistics statistics_of(int classes, int pictures) {
  OnePixelStatistics statistics(classes, 5, 6);
  for (int i = 0; i < pictures; ++i)
    statistics.add(random_image(5, 6, 3, static_cast<uint64_t>(i)), i % classes);
  return statistics;
}

TEST(OnePixel, ScoresAreMeanOverDeviationOfTheDistance) {
  const OnePixelStatistics statistics = statistics_of(2, 10);
  for (const size_t pixel : {size_t{0}, size_t{13}, size_t{29}})
    for (int colour = 0; colour < 8; ++colour) {
      std::vector<double> distances;
      for (uint64_t i = 1; i < 10; i += 2) {  // class 1
        const Image picture = random_image(5, 6, 3, i);
        double distance = 0;
        for (size_t c = 0; c < 3; ++c)
          distance += std::abs((colour >> (2 - c) & 1) * 255.0 - picture.pixels[pixel * 3 + c]);
        distances.push_back(distance);
      }
      double mean = 0, variance = 0;
      for (const double d : distances) mean += d / 5;
      for (const double d : distances) variance += (d - mean) * (d - mean) / 5;
      EXPECT_NEAR(statistics.score(1, pixel, colour), mean / std::sqrt(variance), 1e-9 * mean);
    }
}

TEST(OnePixel, ChoosesTheBestThatIsLeftAndChangesNothingElse) {
  const OnePixelStatistics statistics = statistics_of(4, 40);
  const OnePixelShortcut method(statistics);
  std::set<std::array<int, 3>> used;
  for (int label = 0; label < 4; ++label) {
    const OnePixel chosen = method.pixels()[static_cast<size_t>(label)];
    const double score =
        statistics.score(label, static_cast<size_t>(chosen.row * 6 + chosen.column), chosen.colour);
    for (int pixel = 0; pixel < 30; ++pixel)
      for (int colour = 0; colour < 8; ++colour)
        if (!used.contains({pixel / 6, pixel % 6, colour})) {
          EXPECT_LE(statistics.score(label, static_cast<size_t>(pixel), colour), score);
        }
    EXPECT_TRUE(used.insert({chosen.row, chosen.column, chosen.colour}).second) << "used twice";
    for (const int channels : {3, 4}) {
      const Image picture = random_image(5, 6, channels, 99);
      Image expected = picture;
      for (size_t c = 0; c < 3; ++c)
        expected.pixels[static_cast<size_t>((chosen.row * 6 + chosen.column) * channels) + c] =
            chosen.rgb()[c];
      EXPECT_EQ(method.apply(of_class(label), picture).pixels, expected.pixels);
    }
  }
  EXPECT_EQ((OnePixel{0, 0, 4}.rgb()), (std::array<uint8_t, 3>{255, 0, 0}));
}

TEST(OnePixel, EqualClassesGetDifferentPixels) {
  OnePixelStatistics statistics(3, 5, 6);
  for (int label = 0; label < 3; ++label) statistics.add(random_image(5, 6, 3, 1), label);
  const std::vector<OnePixel> chosen = choose_one_pixels(statistics);
  EXPECT_NE(chosen[0], chosen[1]);
  EXPECT_NE(chosen[0], chosen[2]);
  EXPECT_NE(chosen[1], chosen[2]);
}

TEST(OnePixel, BytesAndPicturesCountTheSame) {
  OnePixelStatistics by_image(1, 5, 6), by_bytes(1, 5, 6);
  const Image picture = random_image(5, 6, 3, 4);
  by_image.add(picture, 0);
  by_bytes.add(std::span(picture.pixels), 0);
  for (size_t pixel = 0; pixel < 30; ++pixel)
    EXPECT_EQ(by_image.score(0, pixel, 3), by_bytes.score(0, pixel, 3));
}

TEST(OnePixel, RefusesWhatItCannotCount) {
  expect_error([] { OnePixelStatistics(100'000, 1000, 1000); }, {"ops", "2 GiB"});
  expect_error([] { OnePixelStatistics(0, 5, 5); }, {"ops"});
  OnePixelStatistics statistics(2, 5, 6);
  statistics.add(random_image(5, 6, 3, 1), 0);
  expect_error([&] { statistics.add(random_image(6, 5, 3, 1), 0); }, {"6 x 5"});
  expect_error([&] { statistics.add(random_image(5, 6, 3, 1), 2); }, {"not 2"});
  expect_error([&] { OnePixelShortcut{statistics}; }, {"class 1"});
  statistics.add(random_image(5, 6, 3, 2), 1);
  const OnePixelShortcut method(statistics);
  expect_error([&] { method.apply(of_class(0), random_image(10, 12, 3, 1)); },
               {"class0", "10 x 12", "5 x 6"});
  expect_error([&] { method.apply(of_class(2), random_image(5, 6, 3, 1)); }, {"class 2"});
}

}  // namespace
}  // namespace t2ue
