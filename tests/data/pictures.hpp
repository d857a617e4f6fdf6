// Pictures and helpers that the tests of data/ share.
#pragma once

#include <gtest/gtest.h>

#include <errors.hpp>
#include <filesystem>
#include <string>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/image.hpp>

namespace t2ue::testing_data {

using testing_errors::error_of;

inline std::vector<uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// A picture of random bytes.
inline Image random_image(int height, int width, int channels, uint64_t seed = 1) {
  Image image{height, width, channels, {}, {}, {}, 1};
  Random random(seed, Purpose::test);
  image.pixels.resize(static_cast<size_t>(height * width * channels));
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(random.bits());
  return image;
}

/// An EXIF block with one entry: the orientation. Little- or big-endian.
inline std::vector<uint8_t> exif_block(uint8_t orientation, bool little = true) {
  if (little)
    return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
  return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0};
}

/// A fresh empty folder of the running test.
inline std::filesystem::path fresh_folder() {
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  const auto folder =
      std::filesystem::path(testing::TempDir()) / concat("t2ue-", info->test_suite_name(), "-", info->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace t2ue::testing_data
