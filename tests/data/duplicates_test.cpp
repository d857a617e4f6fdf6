// Perceptual hashes, near duplicates, contact sheets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include <t2ue/data/image/contact_sheet.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/near_duplicates.hpp>
#include <t2ue/data/image/perceptual_hash.hpp>
#include <t2ue/data/image/resize_image.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;

/// Blobs of random colours: something like a photograph.
Image scene(uint64_t seed) {
  return resize_image(random_image(16, 16, 3, seed), 120, 90);
}

TEST(PerceptualHash, OfAPictureThatWasProcessed) {
  int total = 0;
  constexpr int scenes = 40;
  for (uint64_t seed = 0; seed < scenes; ++seed) {
    const Image image = scene(seed);
    const uint64_t hash = perceptual_hash(image);
    EXPECT_EQ(hash, perceptual_hash(image));
    Image darker = image;
    for (uint8_t& value : darker.pixels) value = static_cast<uint8_t>(value / 2 + 10);
    for (const Image& processed :
         {resize_image(image, 48, 64), decode_image(encode_jpeg(image, 50)), darker}) {
      const int distance = hash_distance(hash, perceptual_hash(processed));
      EXPECT_LE(distance, 8) << seed;
      total += distance;
    }
    EXPECT_GE(hash_distance(hash, perceptual_hash(scene(seed + 100))), 13) << seed;
  }
  EXPECT_LT(total, 2 * 3 * scenes);  // less than two bits each
}

TEST(PerceptualHash, FlatAndTransparentPictures) {
  Image flat{7, 9, 3, std::vector<uint8_t>(7 * 9 * 3, 200), {}, {}, 1};
  EXPECT_EQ(perceptual_hash(flat), 0u);
  Image hidden = random_image(7, 9, 4);
  for (size_t i = 3; i < hidden.pixels.size(); i += 4) hidden.pixels[i] = 0;
  EXPECT_EQ(perceptual_hash(hidden), 0u);
  EXPECT_EQ(std::popcount(perceptual_hash(scene(1))), 32);  // half of them lie above the median
}

TEST(PerceptualHash, OneWaveSetsItsBit) {
  // The basis function of frequency 3 down and 1 across, at the size of the hash.
  Image wave{32, 32, 3, {}, {}, {}, 1};
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      for (int c = 0; c < 3; ++c)
        wave.pixels.push_back(
            static_cast<uint8_t>(std::lround(128 + 100 * std::cos(std::numbers::pi * 3 * (2 * y + 1) / 64) *
                                                       std::cos(std::numbers::pi * (2 * x + 1) / 64))));
  EXPECT_NE(perceptual_hash(wave) & (uint64_t{1} << (2 * 8 + 0)), 0u);
  for (uint8_t& value : wave.pixels) value = static_cast<uint8_t>(256 - value);
  EXPECT_EQ(perceptual_hash(wave) & (uint64_t{1} << (2 * 8 + 0)), 0u);
}

std::vector<NearDuplicate> by_comparing_all(const std::vector<uint64_t>& hashes,
                                            const std::vector<uint32_t>& splits, int distance) {
  std::vector<NearDuplicate> found;
  for (size_t i = 0; i < hashes.size(); ++i) {
    NearDuplicate best{i, 0, 65};
    for (size_t j = 0; j < hashes.size(); ++j)
      if (splits[j] < splits[i] && hash_distance(hashes[i], hashes[j]) < best.distance)
        best = {i, j, hash_distance(hashes[i], hashes[j])};
    if (best.distance <= distance) found.push_back(best);
  }
  return found;
}

TEST(NearDuplicates, AreThoseThatComparingAllFinds) {
  Random random(7, Purpose::test);
  for (int distance = 0; distance <= 12; ++distance) {
    std::vector<uint64_t> hashes;
    std::vector<uint32_t> splits;
    for (int i = 0; i < 300; ++i) {
      uint64_t hash = uint64_t{random.bits()} << 32 | random.bits();
      if (i >= 20 && i % 3 == 0) {  // a twin, up to 13 bits away
        hash = hashes[random.below(static_cast<uint32_t>(hashes.size()))];
        const uint32_t flips = random.below(14);
        for (uint32_t k = 0; k < flips; ++k) hash ^= uint64_t{1} << random.below(64);
      }
      if (i % 10 == 1) hash = 0;
      hashes.push_back(hash);
      splits.push_back(random.below(3));
    }
    const auto expected = by_comparing_all(hashes, splits, distance);
    const auto found = near_duplicates(hashes, splits, distance);
    ASSERT_EQ(found.size(), expected.size()) << distance;
    EXPECT_GT(found.size(), 10u);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].picture, expected[i].picture);
      EXPECT_EQ(found[i].twin, expected[i].twin);
      EXPECT_EQ(found[i].distance, expected[i].distance);
    }
  }
}

TEST(NearDuplicates, ManyPicturesOfOneHash) {
  // Comparing all would take 10^10 steps.
  std::vector<uint64_t> hashes(200'000, 5);
  std::vector<uint32_t> splits(hashes.size());
  for (size_t i = 0; i < splits.size(); ++i) splits[i] = i % 2 == 0 ? 1 : 0;
  const auto found = near_duplicates(hashes, splits, 4);
  ASSERT_EQ(found.size(), 100'000u);
  EXPECT_EQ(found[7].twin, 1u);
}

TEST(NearDuplicates, BadArguments) {
  EXPECT_TRUE(near_duplicates({}, {}, 4).empty());
  EXPECT_THROW(near_duplicates({}, {}, 13), Error);
  EXPECT_THROW(near_duplicates({}, {}, -1), Error);
  EXPECT_THROW(near_duplicates(std::vector<uint64_t>{1}, {}, 1), Error);
}

TEST(ContactSheet, PicturesKeepTheirProportions) {
  const auto flat = [](int height, int width, uint8_t value) {
    return Image{height, width, 3, std::vector<uint8_t>(static_cast<size_t>(height * width * 3), value),
                 {},     {},    1};
  };
  const std::vector<Image> pictures = {flat(20, 10, 10), flat(1, 1000, 20), flat(3, 3, 30)};
  const Image sheet = contact_sheet(pictures, 2, 10);
  EXPECT_EQ(sheet.width, 2 * 12 + 2);
  EXPECT_EQ(sheet.height, 2 * 12 + 2);
  const auto at = [&](int y, int x) { return sheet.pixels[static_cast<size_t>((y * sheet.width + x) * 3)]; };
  EXPECT_EQ(at(2, 6), 10);  // 10 x 5, in the middle of its cell
  EXPECT_EQ(at(11, 4), 10);
  EXPECT_EQ(at(6, 3), 96);
  EXPECT_EQ(at(6, 14), 20);  // one row of pixels is left of it
  EXPECT_EQ(at(5, 14), 96);
  EXPECT_EQ(at(14, 2), 30);
  EXPECT_EQ(at(23, 11), 30);
  EXPECT_EQ(at(23, 14), 96);  // no fourth picture
  EXPECT_THROW(contact_sheet({}, 2, 10), Error);
  EXPECT_THROW(contact_sheet(pictures, 0, 10), Error);
}

}  // namespace
