#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <t2ue/core/rng.hpp>
#include <t2ue/noise/key_index.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;

TEST(KeyIndex, FindsEveryKeyWhateverTheNumberOfRuns) {
  const auto folder = fresh_folder();
  for (const uint32_t count : {0u, 1u, 7u, 5000u}) {
    KeySorter sorter(folder / "sorting", {.run = 10, .at_a_time = 4});  // 500 runs, merged in five rounds
    for (uint32_t i = 0; i < count; ++i) sorter.add({key_hash(concat("key ", i)), i % 3, i / 3, i});
    EXPECT_EQ(sorter.count(), count);
    EXPECT_EQ(sorter.finish(folder / "index").count, 0u);
    const KeyIndex index{SafetensorsFile(folder / "index")};
    EXPECT_EQ(index.count(), count);
    for (uint32_t i = 0; i < count; ++i) {
      const auto place = index.find(key_hash(concat("key ", i)));
      ASSERT_TRUE(place.has_value());
      EXPECT_EQ(*place, (KeyPlace{key_hash(concat("key ", i)), i % 3, i / 3, i}));
    }
    EXPECT_FALSE(index.find(key_hash("absent")).has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "sorting"));
}

TEST(KeyIndex, DuplicatesAreCountedAndTheFirstIsFound) {
  const auto folder = fresh_folder();
  KeySorter sorter(folder / "sorting", {.run = 16, .at_a_time = 3});
  for (uint32_t i = 0; i < 300; ++i) sorter.add({key_hash(concat(i % 100)), 0, i / 10, i % 10});
  const KeySorter::Duplicates found = sorter.finish(folder / "index");
  EXPECT_EQ(found.count, 200u);
  ASSERT_EQ(found.first.size(), 20u);
  EXPECT_EQ(found.first[0].first.hash, found.first[0].second.hash);
  EXPECT_LT(found.first[0].first.chunk, 10u);
  const KeyIndex index{SafetensorsFile(folder / "index")};
  EXPECT_EQ(index.find(key_hash("42"))->chunk, 4u);
  EXPECT_EQ(index.find(key_hash("42"))->item, 2u);
  KeySorter nowhere(folder / "sorting");
  nowhere.add({key_hash("a"), 0, 0, 0});
  EXPECT_EQ(nowhere.finish("").count, 0u);
}

TEST(KeyIndex, OtherFilesAreRefused) {
  const auto folder = fresh_folder();
  SafetensorsWriter writer;
  const std::vector<uint8_t> bytes(56);
  writer.add<uint8_t>("places", {56}, bytes);
  writer.save(folder / "index");
  EXPECT_THAT(error_of([&] { KeyIndex{SafetensorsFile(folder / "index")}; }), HasSubstr("U8 [count, 28]"));
}

}  // namespace
