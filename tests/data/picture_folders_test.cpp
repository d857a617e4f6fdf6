// One folder a class, captions in side files, and how all forms are told apart.
#include <t2ue/data/records/picture_folders.hpp>
#include <t2ue/data/records/picture_reader.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ClassFolders, WithAndWithoutSplits) {
  const auto folder = fresh_folder();
  for (const char* picture : {"dog/2.png", "dog/1.JPEG", "cat/deep/1.png", "cat/notes.md", "dog/.hidden.png"})
    put(folder / "flat" / picture);
  const DatasetIndex flat = open_dataset(folder / "flat");
  EXPECT_EQ(flat.format, "classes");
  EXPECT_THAT(keys_of(flat), ElementsAre("cat/deep/1", "dog/1", "dog/2"));
  EXPECT_THAT(flat.label_names, ElementsAre("cat", "dog"));
  EXPECT_EQ(flat.label_of(flat.records[2]), "dog");
  EXPECT_EQ(PictureReader(flat).read(0).width, 5);

  for (const char* picture : {"train/b/1.png", "train/a/1.png", "validation/b/1.png"})
    put(folder / "splits" / picture);
  const DatasetIndex splits = open_dataset(folder / "splits");
  EXPECT_EQ(counts_of(splits), "train 2, val 1");
  EXPECT_THAT(keys_of(splits), ElementsAre("a/1", "b/1", "b/1"));
  EXPECT_EQ(splits.label_of(splits.records[2]), "b");

  put(folder / "flat/stray.png");
  expect_error([&] { open_dataset(folder / "flat"); }, {"stray.png", "outside the folders of classes"});
  EXPECT_EQ(open_dataset(folder / "flat", skipping()).bad.count, 1);
  put(folder / "flat/dog/2.jpg");
  expect_error([&] { read_class_folders(folder / "flat", {}); }, {"dog/2", "there twice"});
}

TEST(ClassFolders, NamesThatAreNotUtf8) {
  const auto folder = fresh_folder();
  put(folder / "cat/1.png");
  put(folder / "cat/\xFF.png");
  expect_error([&] { open_dataset(folder); }, {"UTF-8"});
  EXPECT_THAT(keys_of(open_dataset(folder, skipping())), ElementsAre("cat/1"));
}

TEST(SideFiles, CaptionsBesideThePicture) {
  const auto folder = fresh_folder();
  put(folder / "a.png");
  put(folder / "a.txt", "one\r\n\r\ntwo");
  put(folder / "more/b.png");
  put(folder / "more/b.txt", "three\n");
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "side-files");
  EXPECT_THAT(keys_of(index), ElementsAre("a", "more/b"));
  EXPECT_THAT(index.records[0].captions, ElementsAre("one", "two"));

  const std::vector<std::pair<std::function<void()>, std::string>> damage = {
      {[&] { put(folder / "c.png"); }, "c.png has no captions"},
      {[&] { put(folder / "d.txt", "x"); }, "no picture beside it"},
      {[&] { put(folder / "more/b.txt", " \n"); }, "b.txt has no captions"},
      {[&] { put(folder / "a.txt", "\xFF"); }, "a.txt is not valid UTF-8"}};
  for (size_t i = 0; i < damage.size(); ++i) {
    damage[i].first();
    if (i < 3) {
      EXPECT_EQ(open_dataset(folder, skipping()).bad.count, static_cast<int64_t>(i) + 1);
      EXPECT_THAT(testing::PrintToString(open_dataset(folder, skipping()).bad.first),
                  HasSubstr(damage[i].second));
    }
    EXPECT_NE(error_of([&] { open_dataset(folder); }), "");
  }
  expect_error([&] { open_dataset(folder, skipping()); }, {"holds no records", "4 were bad", "a.txt"});
}

TEST(OpenDataset, SaysWhatItLookedFor) {
  const auto folder = fresh_folder();
  expect_error([&] { open_dataset(folder); }, {folder.string(), "pairs.jsonl (pairs)", "train_X.bin (stl10)",
                                               "captions_*.json (coco)", "--format"});
  expect_error([&] { open_dataset(folder / "absent"); }, {"there is nothing at", "absent"});
  put(folder / "train_batch_1.bin.xz", "x");
  expect_error([&] { open_dataset(folder); }, {"unpack"});
  DatasetOptions options;
  options.format = "nonsense";
  expect_error([&] { open_dataset(folder, options); }, {"\"nonsense\"", "webdataset"});
  for (const std::string& format : dataset_formats()) {  // by force, each says what it misses
    options.format = format;
    EXPECT_NE(error_of([&] { open_dataset(folder, options); }), "") << format;
  }
}

TEST(OpenDataset, ListsAndPairsFolders) {
  const auto folder = fresh_folder();
  put(folder / "pairs.jsonl",
      "{\"key\":\"a\",\"image\":\"a.png\",\"caption\":\"x\",\"label\":\"l\"}\n{\"key\":\"b\",\"image\":\"b."
      "png\",\"captions\":[\"y\",\"z\"]}\n");
  put(folder / "a.png");
  put(folder / "b.png");
  const DatasetIndex pairs = open_dataset(folder);
  EXPECT_EQ(pairs.format, "pairs");
  EXPECT_EQ(pairs.label_of(pairs.records[0]), "l");
  EXPECT_THAT(pairs.records[1].captions, ElementsAre("y", "z"));
  put(folder / "list.csv", "filepath,title\na.png,one\ngone.png,two\nb.png,\"three, four\"\n");
  expect_error([&] { open_dataset(folder / "list.csv"); }, {"1 of 3 pictures", "gone.png"});
  const DatasetIndex list = open_dataset(folder / "list.csv", skipping());
  EXPECT_EQ(list.format, "list");
  EXPECT_THAT(keys_of(list), ElementsAre("a.png", "b.png"));
  put(folder / "list.csv", "key,caption\na,one\n");
  expect_error([&] { open_dataset(folder / "list.csv"); }, {"\"a\" has no picture"});
  DatasetOptions captions;
  captions.need_pictures = false;
  EXPECT_EQ(open_dataset(folder / "list.csv", captions).records.size(), 1u);
}

}  // namespace
