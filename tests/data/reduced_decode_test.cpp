// JPEGs decoded at a fraction of their size for models, against full decoding and resizing.
#include <algorithm>
#include <cmath>
#include <map>

#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/tar_shard.hpp>

#include <paths.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;

/// Noise of all scales, amplitudes falling as the scale does: the spectrum of photographs.
Image photo_like(int height, int width, uint64_t seed) {
  std::vector<float> sum(static_cast<size_t>(height * width * 3), 128.0f);
  float amplitude = 80.0f;
  for (int cells = 4; cells <= std::min(height, width); cells *= 2, amplitude *= 0.6f) {
    const Image layer =
        resize_image(random_image(cells, cells, 3, seed + static_cast<uint64_t>(cells)), height, width);
    for (size_t i = 0; i < sum.size(); ++i)
      sum[i] += amplitude * (static_cast<float>(layer.pixels[i]) / 127.5f - 1.0f);
  }
  Image image{height, width, 3, {}, {}, {}, 1};
  for (const float value : sum) image.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f)));
  return image;
}

struct Difference {
  double mean = 0;
  int most = 0;
};

Difference difference(const Image& a, const Image& b) {
  Difference found;
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  for (size_t i = 0; i < a.pixels.size(); ++i) {
    const int step = std::abs(a.pixels[i] - b.pixels[i]);
    found.mean += step;
    found.most = std::max(found.most, step);
  }
  found.mean /= static_cast<double>(a.pixels.size());
  return found;
}

/// What the documentation of decode_reduced() promises of photographs.
double expect_within_tolerance(const std::vector<uint8_t>& jpeg, int height, int width,
                               const std::string& what) {
  const ReducedImage reduced = decode_reduced(jpeg, height, width);
  const Image whole = decode_image(jpeg);
  EXPECT_LT(reduced.image.width, whole.width) << what << " was not reduced";
  const Difference found =
      difference(resize_image(reduced, height, width), resize_image(whole, height, width));
  EXPECT_LE(found.mean, 2.5) << what;
  EXPECT_LE(found.most, 16) << what;
  return found.mean;
}

TEST(ReducedDecode, WholeBlocksAreMeansOfAreas) {
  const std::vector<uint8_t> jpeg = encode_jpeg(photo_like(192, 256, 1), 95);
  for (const int divisor : {2, 4, 8}) {
    const int height = 192 / (divisor * reduction_spare), width = 256 / (divisor * reduction_spare);
    const ReducedImage reduced = decode_reduced(jpeg, height, width);
    ASSERT_EQ(reduced.image.height, 192 / divisor);
    ASSERT_EQ(reduced.image.width, 256 / divisor);
    const Image means = resize_image(decode_image(jpeg), 192 / divisor, 256 / divisor);
    EXPECT_LE(difference(reduced.image, means).most, 3) << divisor;
  }
}

TEST(ReducedDecode, PhotographsStayWithinTheTolerance) {
  for (const auto& [height, width] : {std::pair{375, 500}, {500, 333}, {377, 501}, {768, 1023}})
    for (const int size : {16, 23, 31, 40, 41}) {
      const std::vector<uint8_t> jpeg = encode_jpeg(photo_like(height, width, 3), 90);
      expect_within_tolerance(jpeg, size, size, concat(width, " x ", height, " to ", size));
    }
}

TEST(ReducedDecode, RealPhotographsStayWithinTheTolerance) {
  const auto folder = testing_paths::data_pack("flickr8k-128");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here";
  ShardReader shard(folder / "flickr8k128-test.tar.gz");
  std::map<int, double> sums;  // by size
  constexpr int pictures = 200;
  for (int i = 0; i < pictures; ++i) {
    const std::optional<Sample> sample = shard.next();
    ASSERT_TRUE(sample.has_value());
    for (const int size : {8, 10, 12, 15, 16})
      sums[size] += expect_within_tolerance(sample->parts.at("jpg"), size, size, sample->key);
  }
  for (const auto& [size, sum] : sums) EXPECT_LT(sum / pictures, 0.7) << size;
}

/// A last row or column that is covered in part must not shift the picture: a ramp shows it.
TEST(ReducedDecode, PartlyCoveredEdgesDoNotShift) {
  for (const int extra : {0, 1, 3, 7}) {
    Image ramp{32, 256 + extra, 3, {}, {}, {}, 1};
    for (int y = 0; y < ramp.height; ++y)
      for (int x = 0; x < ramp.width; ++x)
        ramp.pixels.insert(ramp.pixels.end(), 3, static_cast<uint8_t>(x * 255 / ramp.width));
    const std::vector<uint8_t> jpeg = encode_jpeg(ramp, 100);
    const ReducedImage reduced = decode_reduced(jpeg, 1, 8);
    ASSERT_EQ(reduced.image.width, 32 + (extra > 0));
    const Difference found = difference(resize_image(reduced, 1, 8), resize_image(ramp, 1, 8));
    EXPECT_LE(found.most, 2) << extra;
  }
}

TEST(ReducedDecode, OnlyJpegsThatAreMuchLarger) {
  const Image image = photo_like(127, 200, 5);
  const std::vector<uint8_t> jpeg = encode_jpeg(image, 90);
  EXPECT_EQ(decode_reduced(jpeg, 16, 25).image.pixels, decode_image(jpeg).pixels);
  EXPECT_EQ(decode_reduced(jpeg, 15, 26).image.pixels, decode_image(jpeg).pixels);
  EXPECT_EQ(decode_reduced(jpeg, 15, 25).image.height, 64);
  EXPECT_EQ(decode_reduced(encode_png(image), 4, 4).image.pixels, image.pixels);
  EXPECT_EQ(decode_reduced(encode_webp_lossless(image), 4, 4).image.pixels, image.pixels);
}

TEST(ReducedDecode, DamageIsFoundAndLimitsHold) {
  std::vector<uint8_t> jpeg = encode_jpeg(photo_like(64, 64, 7), 90);
  EXPECT_THROW(decode_reduced(jpeg, 0, 4), Error);
  expect_error([&] { decode_reduced(jpeg, 4, 4, {.max_pixels = 64 * 64 - 1}); }, {"64 x 64", "limit"});
  jpeg.resize(jpeg.size() / 2);
  expect_error([&] { decode_reduced(jpeg, 4, 4); }, {"truncated"});
}

TEST(ReducedDecode, ReaderReducesForModelsAndNeverOtherwise) {
  const auto folder = fresh_folder();
  const std::vector<uint8_t> jpeg = encode_jpeg(photo_like(150, 200, 9), 90);
  PairsFolderWriter writer(folder / "pairs");
  writer.add({"a", "a.jpg", {"one"}, ""}, jpeg);
  writer.commit();
  const DatasetIndex index = open_dataset(folder / "pairs");
  const PictureReader reader(index);
  EXPECT_EQ(reader.read(0).pixels, decode_image(jpeg).pixels);
  EXPECT_EQ(load_image(folder / "pairs/a.jpg").pixels, decode_image(jpeg).pixels);
  EXPECT_EQ(reader.read_resized(0, 16, 16).pixels, resize_image(decode_reduced(jpeg, 16, 16), 16, 16).pixels);
  EXPECT_EQ(reader.read_resized(0, 100, 120).pixels, resize_image(decode_image(jpeg), 100, 120).pixels);
  PairLoadOptions options;
  options.size = 16;
  const auto vocabulary = BytePairTokenizer::train(captions_of(index), 300);
  EXPECT_EQ(load_pair_dataset(index, vocabulary, options).pixels, reader.read_resized(0, 16, 16).pixels);
}

TEST(ReducedDecode, AlphaIsLaidOverWhite) {
  const auto folder = fresh_folder();
  const Image image = random_image(20, 30, 4);
  PairsFolderWriter writer(folder / "pairs");
  writer.add({"a", "a.png", {"one"}, ""}, encode_png(image));
  writer.commit();
  const DatasetIndex index = open_dataset(folder / "pairs");
  EXPECT_EQ(PictureReader(index).read_resized(0, 8, 8).pixels, resize_image(drop_alpha(image), 8, 8).pixels);
}

}  // namespace
