// Real data sets, where they are at hand: the counts that their descriptions give.
#include <cstdlib>
#include <map>

#include <t2ue/data/image/near_duplicates.hpp>
#include <t2ue/data/records/dataset_summary.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/split_manifest.hpp>

#include <paths.hpp>

#include "data/cifar100_pack.hpp"
#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing_paths::data_pack;

#define SKIP_WITHOUT(folder) \
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here"

TEST(PublishedPacks, Flickr8k) {
  const auto folder = data_pack("flickr8k-128");
  SKIP_WITHOUT(folder);
  DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "webdataset");
  EXPECT_EQ(counts_of(index), "extra 91, test 1000, train 6000, val 1000");
  const TextSummary texts = summarise_texts(index);
  EXPECT_EQ(texts.captions, 40'455);
  EXPECT_EQ(texts.captions_a_picture.least, 5);
  EXPECT_EQ(texts.captions_a_picture.most, 5);

  const PictureSummary pictures =
      visit_pictures(index, spread_sample(static_cast<int64_t>(index.records.size()), 50), 2, {});
  EXPECT_EQ(pictures.bad.count, 0);
  EXPECT_EQ(pictures.sampled, 50);
  EXPECT_EQ(pictures.widths.least, 128);
  EXPECT_EQ(pictures.heights.most, 128);

  // The same split as a manifest.
  std::map<std::string, std::string> before;
  for (const Record& record : index.records) before[record.key] = index.split_of(record);
  apply_splits(index, read_splits(folder / "splits.tsv"), false);
  for (const Record& record : index.records) ASSERT_EQ(index.split_of(record), before.at(record.key));
}

TEST(PublishedPacks, Cifar10AsJpeg) {
  const auto folder = data_pack("cifar-10-jpeg");
  SKIP_WITHOUT(folder);
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(counts_of(index), "test 10000, train 50000");
  EXPECT_EQ(summarise_texts(index).label_counts, std::vector<int64_t>(10, 6000));
  EXPECT_EQ(index.label_names.at(9), "truck");
  for (const Record& record : index.records)  // its keys say the class too
    ASSERT_TRUE(record.key.starts_with(index.label_of(record) + "_")) << record.key;
}

TEST(PublishedPacks, Cifar100AndItsDuplicates) {
  const auto folder = data_pack("cifar-100"), here = fresh_folder();
  SKIP_WITHOUT(folder);
  unpack_cifar100(folder, here);
  const DatasetIndex index = open_dataset(here);
  EXPECT_EQ(index.format, "cifar100");
  EXPECT_EQ(counts_of(index), "train 50000, test 10000");
  EXPECT_EQ(summarise_texts(index).label_counts, std::vector<int64_t>(100, 600));
  EXPECT_EQ(index.label_names.at(0), "apple");

  // Ten of its pictures are in both splits, byte for byte.
  const PictureHashes pictures = hash_pictures(index, 2);
  std::vector<uint32_t> splits;
  for (const size_t record : pictures.records) splits.push_back(index.records[record].split);
  const PictureReader reader(index);
  int64_t same = 0, alike = 0;
  for (const NearDuplicate& found : near_duplicates(pictures.hashes, splits, 0)) {
    ++alike;
    if (reader.read(found.picture).pixels == reader.read(found.twin).pixels) ++same;
  }
  EXPECT_EQ(same, 10);
  RecordProperty("same_hash", std::to_string(alike));
  std::filesystem::remove_all(here);  // 184 MB
}

TEST(PublishedPacks, Flickr30kCaptionsAlone) {
  const auto folder = data_pack("captions");
  SKIP_WITHOUT(folder);
  DatasetOptions options;
  options.format = "flickr";
  options.need_pictures = false;
  for (const char* split : {"val", "test"}) {
    const DatasetIndex index = open_dataset(folder / concat("flickr30k-", split, ".csv"), options);
    EXPECT_EQ(counts_of(index), concat(split, " 1000"));
    EXPECT_EQ(summarise_texts(index).captions, 5000);
  }
}

}  // namespace
