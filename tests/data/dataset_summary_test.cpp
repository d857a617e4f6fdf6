#include <t2ue/data/records/dataset_summary.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DatasetSummary, TextsAndClasses) {
  DatasetIndex index;
  index.label_names = {"cat", "dog"};
  index.records.resize(3);
  index.records[0].captions = {"A  cat sits", "a Cat"};
  index.records[0].label = 1;
  index.records[2].captions = {"\tdog\n"};
  index.records[2].label = 1;
  const TextSummary texts = summarise_texts(index);
  EXPECT_EQ(texts.captions, 3);
  EXPECT_EQ(texts.captions_a_picture.least, 0);
  EXPECT_EQ(texts.captions_a_picture.most, 2);
  EXPECT_EQ(texts.captions_a_picture.mean, 1.0);
  EXPECT_EQ(texts.words_a_caption.least, 1);
  EXPECT_EQ(texts.words_a_caption.most, 3);
  EXPECT_EQ(texts.words_a_caption.mean, 2.0);
  EXPECT_EQ(texts.distinct_words, 4);
  EXPECT_THAT(texts.label_counts, ElementsAre(0, 2));
  EXPECT_EQ(texts.unlabelled, 1);
}

TEST(DatasetSummary, SamplesAreSpreadEvenly) {
  EXPECT_THAT(spread_sample(10, 4), ElementsAre(0, 2, 5, 7));
  EXPECT_THAT(spread_sample(3, 10), ElementsAre(0, 1, 2));
  EXPECT_TRUE(spread_sample(0, 5).empty());
  EXPECT_TRUE(spread_sample(5, 0).empty());
}

TEST(DatasetSummary, PicturesAndBadOnes) {
  const auto folder = fresh_folder();
  put(folder / "a/1.png");
  write_file(folder / "a/2.png", encode_png(random_image(8, 6, 3)));
  write_file(folder / "a/3.png", std::string_view("no picture"));
  const DatasetIndex index = open_dataset(folder);
  std::vector<size_t> seen;
  const PictureSummary pictures =
      visit_pictures(index, {0, 1, 2}, 2, [&](size_t record, const Image&) { seen.push_back(record); });
  EXPECT_THAT(seen, ElementsAre(0u, 1u));
  EXPECT_EQ(pictures.sampled, 3);
  EXPECT_EQ(pictures.heights.least, 4);
  EXPECT_EQ(pictures.heights.most, 8);
  EXPECT_EQ(pictures.widths.mean, 5.5);
  EXPECT_EQ(pictures.distinct_sizes, 2);
  EXPECT_EQ(pictures.bad.count, 1);
  EXPECT_THAT(pictures.bad.first.at(0), HasSubstr("3.png"));
  const PictureHashes hashes = hash_pictures(index, 2);
  EXPECT_THAT(hashes.records, ElementsAre(0u, 1u));
  EXPECT_EQ(hashes.bad.count, 1);
}

}  // namespace
