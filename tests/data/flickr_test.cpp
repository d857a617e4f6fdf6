// Flickr8k and Flickr30k: token files, bars, CSV, Karpathy's JSON.
#include <sstream>

#include <t2ue/data/records/flickr.hpp>
#include <t2ue/data/records/karpathy.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

/// Flickr8k as it unpacks: captions and splits in Flickr8k_text, pictures in Flicker8k_Dataset.
std::filesystem::path flickr8k() {
  const auto folder = fresh_folder();
  put(folder / "Flickr8k_text/Flickr8k.token.txt",
      "b.jpg#0\tA dog # runs .\r\nb.jpg#1\tIt runs .\r\na.jpg#0\tA cat .\n\na.jpg#1\tIt's a "
      "cat\t.\nc.jpg#0\tx\n");
  put(folder / "Flickr8k_text/Flickr8k.lemma.token.txt", "b.jpg#0\ta dog run\n");
  for (const char* name : {"a", "b", "c"}) put(folder / "Flicker8k_Dataset" / (std::string(name) + ".jpg"));
  return folder;
}

TEST(Flickr, TokenFileWithPicturesInTheirFolder) {
  const auto folder = flickr8k();
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "flickr");
  EXPECT_THAT(keys_of(index), ElementsAre("b", "a", "c"));
  EXPECT_THAT(index.records[0].captions, ElementsAre("A dog # runs .", "It runs ."));
  EXPECT_THAT(index.records[1].captions, ElementsAre("A cat .", "It's a cat\t."));
  EXPECT_EQ(counts_of(index), "all 3");
  EXPECT_EQ(index.sources.at(index.records[0].picture.source), folder / "Flicker8k_Dataset");
  EXPECT_EQ(index.records[0].picture.name, "b.jpg");
}

TEST(Flickr, OfficialSplitsWhereTheirListsAre) {
  const auto folder = flickr8k();
  put(folder / "Flickr8k_text/Flickr_8k.trainImages.txt", "b.jpg\n");
  put(folder / "Flickr8k_text/Flickr_8k.devImages.txt", "");
  put(folder / "Flickr8k_text/Flickr_8k.testImages.txt", "a.jpg\r\n");
  EXPECT_EQ(counts_of(open_dataset(folder)), "train 1, test 1, unlisted 1");
  put(folder / "Flickr8k_text/Flickr_8k.devImages.txt", "gone.jpg\n");
  expect_error([&] { open_dataset(folder); }, {"1 of 3 keys", "gone.jpg", "--skip-bad"});
  EXPECT_EQ(open_dataset(folder, skipping()).bad.count, 1);
}

TEST(Flickr, BarsAndCsv) {
  const auto folder = fresh_folder();
  put(folder / "bars/results.csv",
      "image_name| comment_number| comment\n1.jpg| 0| Two | \"young\" guys .\n1.jpg| 1| More\n");
  put(folder / "bars/flickr30k_images/1.jpg");
  EXPECT_THAT(open_dataset(folder / "bars").records.at(0).captions,
              ElementsAre("Two | \"young\" guys .", "More"));
  put(folder / "csv/captions.txt", "image,caption\n1.jpg,\"A child, running\"\n1.jpg,Again\n");
  put(folder / "csv/Images/1.jpg");
  EXPECT_THAT(open_dataset(folder / "csv").records.at(0).captions, ElementsAre("A child, running", "Again"));
  put(folder / "csv/flickr-test.csv", "image_name,caption_num,caption,id\n1.jpg,0, Five men ,7\n");
  DatasetOptions options;
  options.format = "flickr";
  const DatasetIndex test = open_dataset(folder / "csv/flickr-test.csv", options);
  EXPECT_THAT(test.records.at(0).captions, ElementsAre("Five men"));
  EXPECT_THAT(test.splits, ElementsAre("test"));
}

TEST(Flickr, BadLinesAreNamedOrLeftOut) {
  const std::string good = "a.jpg#0\tone\n";
  for (const char* line :
       {"a.jpg one", "a.jpg#x\tone", "a.jpg\tone", "a.jpg#1\t ", "#0\tone", "../a.jpg#0\tone",
        "/a.jpg#0\tone", "a.jpg#1\t\xFF", "\xC3(.jpg#0\tone", "a.jpg#99999999999999999999\tx"}) {
    DatasetOptions strict, skip = skipping();
    IndexBuilder refuses("flickr", strict), leaves("flickr", skip);
    expect_error(
        [&] { parse_flickr_captions(good + line + "\n" + good, "F", refuses.split("all"), refuses); },
        {"F line 2"});
    parse_flickr_captions(good + line + "\n" + good, "F", leaves.split("all"), leaves);
    EXPECT_EQ(leaves.index().bad.count, 1) << line;
    EXPECT_THAT(leaves.index().bad.first.at(0), HasSubstr("line 2"));
    EXPECT_EQ(leaves.take("F").records.at(0).captions.size(), 2u);
  }
  // A row of Flickr30k's results.csv, which lacks its second bar.
  IndexBuilder builder("flickr", {});
  expect_error(
      [&] {
        parse_flickr_captions("image_name| n| c\n2.jpg| 4   A dog runs\n", "F", builder.split("all"),
                              builder);
      },
      {"F line 2", "2.jpg| 4   A dog"});
  expect_error([&] { parse_flickr_captions(" \n", "F", 0, builder); }, {"F is empty"});
  expect_error([&] { parse_flickr_captions("one,two\n", "F", 0, builder); },
               {"NAME.jpg#0", "image and caption"});
  expect_error([&] { parse_flickr_captions("image,caption\na.jpg\n", "F", 0, builder); },
               {"F line 2", "1 cells"});
}

TEST(Flickr, MissingPictures) {
  const auto folder = flickr8k();
  std::filesystem::remove(folder / "Flicker8k_Dataset/a.jpg");
  expect_error([&] { open_dataset(folder); }, {"1 of 3 pictures", "a.jpg", "--picture-folder", "--skip-bad"});
  const DatasetIndex rest = open_dataset(folder, skipping());
  EXPECT_THAT(keys_of(rest), ElementsAre("b", "c"));
  EXPECT_EQ(rest.bad.count, 1);
  std::filesystem::rename(folder / "Flicker8k_Dataset", folder / "elsewhere");
  expect_error([&] { open_dataset(folder); }, {"such as b.jpg", "Flicker8k_Dataset", "--picture-folder"});
  DatasetOptions options = skipping();
  options.pictures = folder / "elsewhere";
  EXPECT_EQ(open_dataset(folder, options).records.size(), 2u);
  DatasetOptions captions;
  captions.need_pictures = false;
  const DatasetIndex alone = open_dataset(folder, captions);
  EXPECT_EQ(alone.records.size(), 3u);
  EXPECT_EQ(alone.records[0].picture.form, PictureForm::none);
}

const std::string karpathy = R"({"dataset": "x", "more": [{"a": [1, {"b": 2}]}], "images": [
  {"filename": "a.jpg", "split": "train", "imgid": 0, "sentids": [0, 1],
   "sentences": [{"raw": "One .", "tokens": ["one"]}, {"raw": " Two", "tokens": ["two"]}]},
  {"filename": "b.jpg", "filepath": "val2014", "split": "restval", "sentences": [{"raw": "Three"}]}]})";

TEST(Karpathy, SplitsAndFolders) {
  const auto folder = fresh_folder();
  put(folder / "dataset_flickr8k.json", karpathy);
  put(folder / "Images/a.jpg");
  put(folder / "Images/val2014/b.jpg");
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "karpathy");
  EXPECT_EQ(counts_of(index), "train 1, restval 1");
  EXPECT_THAT(index.records[0].captions, ElementsAre("One .", "Two"));
  EXPECT_EQ(index.records[1].key, "b");
  EXPECT_EQ(index.records[1].picture.name, "val2014/b.jpg");
  EXPECT_EQ(select_split(index, "restval").records.size(), 1u);
  expect_error([&] { select_split(index, "test"); }, {"\"test\"", "train, restval"});
}

TEST(Karpathy, WrongShapes) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"", "JSON"},
      {"[]", "not an object"},
      {"3", "not an object"},
      {"{\"images\": {}}", "\"images\" is not a list"},
      {"{\"images\": 3}", "\"images\" is not a list"},
      {"{\"images\": [3]}", "\"images\" 0 is not an object"},
      {"{\"images\": [[]]}", "\"images\" 0 is not an object"},
      {"{\"others\": []}", "no list \"images\""},
      {"{\"images\": [{\"filename\": \"a.jpg\"", "JSON"},
      {"{\"images\": [{\"filename\": \"\xFF\"}]}", "JSON"},
      {"{\"images\": [{}]}", "image 0] 'filename' is missing"},
      {"{\"images\": [{\"filename\": 3}]}", "wrong type"},
      {R"({"images": [{"filename": "a.jpg", "split": "train", "sentences": 3}]})",
       "\"sentences\" is not a list"},
      {R"({"images": [{"filename": "a.jpg", "split": "train", "sentences": [3]}]})",
       "expected a JSON object"},
      {R"({"images": [{"filename": "a.jpg", "split": "train", "sentences": []}]})", "neither a caption"},
      {R"({"images": [{"filename": "../a.jpg", "split": "train", "sentences": [{"raw": "x"}]}]})", ".."},
      {std::string(100'000, '['), "not an object"}};
  for (const auto& [text, part] : wrong) {
    IndexBuilder builder("karpathy", {});
    expect_error(
        [&] {
          std::istringstream stream(text);
          parse_karpathy(stream, "F", builder);
        },
        {"F", part});
  }
  IndexBuilder builder("karpathy", skipping());
  std::istringstream twice(
      R"({"images": [{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "x"}]}, {"filename": 1},
      {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "y"}]},
      {"filename": "a.jpg", "split": "test", "sentences": [{"raw": "z"}]}]})");
  parse_karpathy(twice, "F", builder);
  EXPECT_EQ(builder.index().bad.count, 2);
  EXPECT_THAT(builder.index().bad.first.at(1), HasSubstr("image 2: the key \"a\" is there twice"));
  EXPECT_EQ(counts_of(builder.take("F")), "train 1, test 1");
}

}  // namespace
