// What the tests of data/readers/ share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/open_dataset.hpp>

#include "data/pictures.hpp"

namespace t2ue::testing_data {

using testing_errors::expect_error;

/// Writes a text or a small picture (anything that ends in .png or .jpg), making folders.
inline void put(const std::filesystem::path& file, const std::string& text = "", uint64_t seed = 1) {
  std::filesystem::create_directories(file.parent_path());
  if (file.extension() == ".png")
    write_file(file, encode_png(random_image(4, 5, 3, seed)));
  else if (file.extension() == ".jpg")
    write_file(file, encode_jpeg(random_image(4, 5, 3, seed), 90));
  else
    write_file(file, std::string_view(text));
}

inline DatasetOptions skipping() {
  DatasetOptions options;
  options.skip_bad = true;
  return options;
}

inline std::vector<std::string> keys_of(const DatasetIndex& index) {
  std::vector<std::string> keys;
  for (const Record& record : index.records) keys.push_back(record.key);
  return keys;
}

/// "train 2, test 1"
inline std::string counts_of(const DatasetIndex& index) {
  std::string text;
  for (uint32_t split = 0; split < index.splits.size(); ++split)
    text += concat(text.empty() ? "" : ", ", index.splits[split], " ", keys_of_split(index, split).size());
  return text;
}

}  // namespace t2ue::testing_data
