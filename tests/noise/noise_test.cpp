#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <errors.hpp>
#include <limits>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_errors::error_of;

constexpr Resampler resamplers[] = {Resampler::nearest, Resampler::bilinear, Resampler::area,
                                    Resampler::tile};

Noise random_noise(int height, int width, int eps, uint64_t seed) {
  Random random(seed, Purpose::test);
  Noise noise{height, width, {}};
  for (int i = 0; i < height * width * 3; ++i)
    noise.steps.push_back(
        static_cast<int8_t>(static_cast<int>(random.below(static_cast<uint32_t>(2 * eps + 1))) - eps));
  return noise;
}

/// Red is `values`, green its negative, blue 0.
Noise row_of(std::initializer_list<int> values) {
  Noise noise{1, static_cast<int>(values.size()), {}};
  for (const int value : values)
    for (const int step : {value, -value, 0}) noise.steps.push_back(static_cast<int8_t>(step));
  return noise;
}

TEST(QuantiseNoise, RoundsHalfToEvenAndCutsAtEps) {
  const float step = 1.0f / 255.0f;
  std::vector<float> values;
  for (const float steps :
       {0.5f, 1.5f, 2.5f, 3.5f, -0.5f, -1.5f, -2.5f, -3.5f, 7.5f, 8.5f, 9.0f, -200.0f, 0.49f, -0.51f, 1e-30f})
    values.push_back(steps * step);
  EXPECT_THAT(quantise_noise(Pixels(values), 1, 5, 8).steps,
              ElementsAre(0, 2, 2, 4, 0, -2, -2, -4, 8, 8, 8, -8, 0, -1, 0));
  EXPECT_THAT(quantise_noise(Pixels(values), 1, 5, 0).steps, testing::Each(0));
}

TEST(QuantiseNoise, NegativeNoiseStaysNegative) {
  Random random(3, Purpose::test);
  std::vector<float> values(32 * 32 * 3);
  for (float& value : values) value = -random.uniform(0.6f / 255, 20.0f / 255);
  const Noise noise = quantise_noise(Pixels(values), 32, 32, 8);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_LT(noise.steps[i], 0);
    EXPECT_GE(noise.steps[i], -8);
    EXPECT_LE(std::abs(noise.steps[i] - std::max(values[i] * 255, -8.0f)), 0.5f + 1e-4f);
  }
}

TEST(QuantiseNoise, RefusesWhatIsNoNoise) {
  std::vector<float> values(2 * 2 * 3);
  EXPECT_THROW(quantise_noise(Pixels(values), 2, 3, 8), Error);
  EXPECT_THROW(quantise_noise(Pixels(values), 2, 2, -1), Error);
  EXPECT_THROW(quantise_noise(Pixels(values), 2, 2, 128), Error);
  EXPECT_THROW(quantise_noise(Pixels(values), -2, -2, 8), Error);
  values[10] = std::numeric_limits<float>::quiet_NaN();
  try {
    quantise_noise(Pixels(values), 2, 2, 8);
    FAIL() << "NaN was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("row 1, column 1, channel 1"));
  }
  values[10] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(quantise_noise(Pixels(values), 2, 2, 8), Error);
}

TEST(ResampleNoise, NearestIsPyTorchs) {
  EXPECT_EQ(resample_noise(row_of({1, 2, 3}), 1, 6, Resampler::nearest), row_of({1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(resample_noise(row_of({1, 2, 3, 4, 5, 6}), 1, 2, Resampler::nearest), row_of({1, 4}));
  EXPECT_EQ(resample_noise(row_of({1, 2}), 1, 3, Resampler::nearest), row_of({1, 1, 2}));
  EXPECT_EQ(resample_noise(row_of({1, 2, 3}), 1, 1, Resampler::nearest), row_of({1}));
}

TEST(ResampleNoise, TileRepeatsOrCrops) {
  EXPECT_EQ(resample_noise(row_of({1, 2, 3}), 1, 7, Resampler::tile), row_of({1, 2, 3, 1, 2, 3, 1}));
  EXPECT_EQ(resample_noise(row_of({1, 2, 3}), 1, 2, Resampler::tile), row_of({1, 2}));
}

TEST(ResampleNoise, BilinearIsLinearBetweenCentres) {
  // centres of the 4 outputs lie at input -0.25, 0.25, 0.75, 1.25
  EXPECT_EQ(resample_noise(row_of({0, 8}), 1, 4, Resampler::bilinear), row_of({0, 2, 6, 8}));
  EXPECT_EQ(resample_noise(row_of({1, 2}), 1, 1, Resampler::bilinear), row_of({2}));  // 1.5
  EXPECT_EQ(resample_noise(row_of({2, 3}), 1, 1, Resampler::bilinear), row_of({2}));  // 2.5
}

TEST(ResampleNoise, AreaIsTheMeanOfWhatIsCovered) {
  EXPECT_EQ(resample_noise(row_of({1, 2, 3, 6, -8, 8}), 1, 3, Resampler::area), row_of({2, 4, 0}));
  EXPECT_EQ(resample_noise(row_of({0, 3, 6}), 1, 2, Resampler::area),
            row_of({1, 5}));  // (0+1.5)/1.5, (1.5+6)/1.5
  EXPECT_EQ(resample_noise(row_of({2, 8}), 1, 3, Resampler::area), row_of({2, 5, 8}));
}

TEST(ResampleNoise, RowsGoAsColumnsDo) {
  const Noise wide = random_noise(1, 7, 8, 1);
  Noise tall = wide;
  std::swap(tall.height, tall.width);
  for (const Resampler resampler : resamplers)
    for (const int size : {1, 2, 5, 7, 13}) {
      Noise expected = resample_noise(wide, 1, size, resampler);
      std::swap(expected.height, expected.width);
      EXPECT_EQ(resample_noise(tall, size, 1, resampler), expected) << name_of(resampler) << " " << size;
    }
}

TEST(NoiseForPicture, ModelsThatResizeSeeTheNoiseThatWasMadeForThem) {
  const Noise noise = random_noise(8, 8, 8, 2);
  for (const Resampler resampler : resamplers) {
    const Noise seen = resample_noise(noise, 32, 48, resampler);
    const Noise large = noise_for_picture(noise, 128, 192, resampler, 32);
    EXPECT_EQ(large.height, 128);
    EXPECT_EQ(large.width, 192);
    EXPECT_EQ(resample_noise(large, 32, 48, Resampler::area), seen) << name_of(resampler);
  }
  // Tiled at the picture's own size it would be gone.
  const Noise fine{2, 2, {8, 8, 8, -8, -8, -8, -8, -8, -8, 8, 8, 8}};
  EXPECT_EQ(
      max_step(resample_noise(noise_for_picture(fine, 64, 64, Resampler::tile, 0), 32, 32, Resampler::area)),
      0);
  EXPECT_EQ(
      max_step(resample_noise(noise_for_picture(fine, 64, 64, Resampler::tile, 32), 32, 32, Resampler::area)),
      8);
}

TEST(NoiseForPicture, NoPictureIsTooSmallOrOfAnOddShape) {
  const Noise noise = random_noise(8, 8, 8, 3);
  for (const Resampler resampler : resamplers) {
    for (const int image_size : {0, 20, 21, 1000})
      EXPECT_EQ(noise_for_picture(noise, 31, 20, resampler, image_size),
                resample_noise(noise, 31, 20, resampler));
    const Noise odd = noise_for_picture(noise, 1, 1000, resampler, 1);
    EXPECT_EQ(odd, resample_noise(noise, 1, 1000, resampler));
    const Noise thin = noise_for_picture(noise, 1000, 7, resampler, 2);
    EXPECT_EQ(thin, resample_noise(resample_noise(noise, 286, 2, resampler), 1000, 7, Resampler::nearest));
  }
  EXPECT_THROW(noise_for_picture(noise, 8, 8, Resampler::tile, -1), Error);
}

/// The definitions in double, one output pixel at a time.
double plain(const Noise& noise, int height, int width, int y, int x, int c, Resampler resampler) {
  const auto weight = [&](int j, int i, int in, int out) {
    const double centre = (i + 0.5) * in / out - 0.5;
    if (resampler == Resampler::bilinear)
      return std::max(0.0, 1.0 - std::abs(j - std::clamp(centre, 0.0, in - 1.0)));
    const double begin = static_cast<double>(i) * in / out, end = (i + 1.0) * in / out;
    return std::max(0.0, std::min(end, j + 1.0) - std::max(begin, static_cast<double>(j))) / (end - begin);
  };
  double sum = 0;
  for (int v = 0; v < noise.height; ++v)
    for (int u = 0; u < noise.width; ++u)
      sum += weight(v, y, noise.height, height) * weight(u, x, noise.width, width) *
             noise.steps[static_cast<size_t>((v * noise.width + u) * 3 + c)];
  return sum;
}

TEST(ResampleNoise, AgreesWithThePlainDefinitionAndNeverPassesEps) {
  constexpr int sides[] = {1, 2, 3, 5, 8, 11};
  uint64_t seed = 0;
  for (const int in_height : sides)
    for (const int in_width : sides) {
      const Noise noise = random_noise(in_height, in_width, 16, ++seed);
      for (const int height : sides)
        for (const int width : sides)
          for (const Resampler resampler : resamplers) {
            const Noise result = resample_noise(noise, height, width, resampler);
            check_noise(result);
            ASSERT_LE(max_step(result), max_step(noise));
            if (resampler == Resampler::nearest || resampler == Resampler::tile) {
              if (height >= in_height && width >= in_width) {
                ASSERT_EQ(max_step(result), max_step(noise));
              }
              continue;
            }
            for (int i = 0; i < height * width * 3; ++i)
              ASSERT_LE(std::abs(result.steps[static_cast<size_t>(i)] -
                                 plain(noise, height, width, i / 3 / width, i / 3 % width, i % 3, resampler)),
                        0.5 + 1e-9)
                  << name_of(resampler) << " " << in_height << "x" << in_width << " to " << height << "x"
                  << width;
          }
    }
}

TEST(ResampleNoise, ExtremesDoNotOverflow) {
  Noise noise{1, 2000, std::vector<int8_t>(6000, -127)};
  for (const Resampler resampler : resamplers) {
    EXPECT_THAT(resample_noise(noise, 1, 1, resampler).steps, ElementsAre(-127, -127, -127));
    EXPECT_THAT(resample_noise(noise, 1, 100'000, resampler).steps, testing::Each(-127));
    EXPECT_EQ(resample_noise(noise, 1, 2000, resampler), noise);
  }
}

TEST(ResampleNoise, RefusesWrongSizes) {
  EXPECT_THROW(resample_noise(row_of({1}), 0, 1, Resampler::nearest), Error);
  EXPECT_THROW(resample_noise(row_of({1}), 1, 1'000'001, Resampler::nearest), Error);
  EXPECT_THROW(resample_noise(Noise{2, 2, {1, 2, 3}}, 2, 2, Resampler::nearest), Error);
  EXPECT_THROW(resample_noise(Noise{}, 2, 2, Resampler::nearest), Error);
}

TEST(ResampleNoise, RefusesBicubicWhichOvershoots) {
  for (const int width : {2, 3})
    EXPECT_THAT(error_of([&] {
                  resample_noise(row_of({8, -8}), 1, width, Resampler::bicubic);
                }),
                testing::AllOf(HasSubstr("bicubic"), HasSubstr("eps")));
}

TEST(Noise, IdentityCoversSizeAndSteps) {
  const Noise noise = random_noise(2, 3, 8, 1);
  Noise turned = noise, changed = noise;
  std::swap(turned.height, turned.width);
  ++changed.steps[5];
  EXPECT_NE(sha256_of(noise), sha256_of(turned));
  EXPECT_NE(sha256_of(noise), sha256_of(changed));
  EXPECT_EQ(max_step(row_of({3, -127})), 127);
  EXPECT_EQ(max_step(Noise{}), 0);
}

}  // namespace
}  // namespace t2ue
