#include <t2ue/data/records/split_manifest.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;

DatasetIndex of_keys(const std::vector<std::string>& keys) {
  DatasetIndex index;
  index.splits = {"all"};
  for (const std::string& key : keys) {
    index.records.emplace_back();
    index.records.back().key = key;
    index.records.back().picture.name = key + ".jpg";
    index.records.back().captions = {"one", "two", "three", "four", "five"};
  }
  return index;
}

TEST(SplitManifest, LinesAndJson) {
  for (const char* text : {"a\ttest\r\nb.jpg\ttrain\n\n", R"({"test": ["a"], "train": ["b.jpg"]})"}) {
    DatasetIndex index = of_keys({"b", "a", "c"});
    apply_splits(index, parse_splits(text, "F"), false);
    EXPECT_EQ(counts_of(index), "test 1, train 1, unlisted 1") << text;
    EXPECT_EQ(index.split_of(index.records[0]), "train");
    EXPECT_EQ(index.records[0].captions.size(), 5u);  // all of a picture's captions go with it
  }
}

TEST(SplitManifest, Wrong) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "lists no keys"},
      {"a test\n", "F line 1"},
      {"a\ttest\na\ttrain\n", "F line 2: the key \"a\" is in \"test\" already"},
      {"\ttest\n", "F line 1"},
      {"a\t\n", "F line 1"},
      {"\xFF\ttest\n", "UTF-8"},
      {"{\"test\": 3}", "\"test\" is not a list"},
      {"{\"test\": [3]}", "not a string"},
      {"{\"test\"", "[splits: F] not valid JSON"}};
  for (const auto& [text, part] : wrong) expect_error([&] { parse_splits(text, "F"); }, {part});

  DatasetIndex index = of_keys({"a"});
  const SplitManifest manifest = parse_splits("a\ttest\nx\ttest\ny\ttrain\n", "F");
  expect_error([&] { apply_splits(index, manifest, false); }, {"2 of 3 keys", "\"x\""});
  apply_splits(index, manifest, true);
  EXPECT_EQ(index.bad.count, 2);
  DatasetIndex twice = of_keys({"a", "a"});
  expect_error([&] { apply_splits(twice, parse_splits("a\ttest\n", "F"), false); },
               {"\"a\" is in several splits"});
}

}  // namespace
