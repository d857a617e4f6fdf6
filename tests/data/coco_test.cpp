#include <sstream>

#include <t2ue/data/records/coco.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Coco, SeveralFilesAreSplits) {
  const auto folder = fresh_folder();
  put(folder / "annotations/captions_train2017.json", R"({"info": {"year": 2017}, "licenses": [{"id": 1}],
    "images": [{"id": 9, "file_name": "09.jpg", "height": 4}, {"id": 5, "file_name": "05.jpg"}],
    "annotations": [{"image_id": 5, "id": 1, "caption": "five"}, {"image_id": 9, "id": 2, "caption": "nine\n"},
                    {"image_id": 5, "id": 3, "caption": "five again"}]})");
  put(folder / "annotations/captions_val2017.json", R"({
    "annotations": [{"image_id": 9, "caption": "another nine"}], "images": [{"id": 9, "file_name": "09.jpg"}]})");
  put(folder / "annotations/instances_val2017.json", "{}");
  for (const char* picture : {"train2017/09.jpg", "train2017/05.jpg", "val2017/09.jpg"})
    put(folder / picture);
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "coco");
  EXPECT_EQ(counts_of(index), "train 2, val 1");
  EXPECT_THAT(keys_of(index), ElementsAre("09", "05", "09"));
  EXPECT_THAT(index.records[1].captions, ElementsAre("five", "five again"));
  EXPECT_THAT(index.records[2].captions, ElementsAre("another nine"));
  EXPECT_EQ(index.sources.at(index.records[2].picture.source), folder / "val2017");
  EXPECT_EQ(open_dataset(folder / "annotations/captions_val2017.json").records.size(), 1u);
}

TEST(Coco, BadEntriesAreNamedOrLeftOut) {
  const std::string image = R"({"id": 1, "file_name": "a.jpg"})",
                    caption = R"({"image_id": 1, "caption": "x"})";
  const auto text = [](const std::string& images, const std::string& captions) {
    return "{\"images\": [" + images + "], \"annotations\": [" + captions + "]}";
  };
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {text(image + "," + image, caption), "images 1: the image id 1 is there twice"},
      {text(image + R"(,{"id": 2})", caption), "images 1] 'file_name' is missing"},
      {text(image + R"(,{"id": 2, "file_name": ""})", caption), "images 1: the file name is empty"},
      {text(image + R"(,{"id": "2", "file_name": "b.jpg"})", caption), "'id' has the wrong type"},
      {text(image + R"(,{"id": 2, "file_name": "a.jpg"})", caption + R"(,{"image_id": 2, "caption": "y"})"),
       "images 1: the key \"a\" is there twice"},
      {text(image + R"(,{"id": 2, "file_name": "b.jpg"})", caption), "images 1: \"b\" has neither a caption"},
      {text(image, caption + R"(,{"image_id": 7, "caption": "y"})"),
       "annotations 1: its image is not in the list"},
      {text(image, caption + R"(,{"image_id": 1})"), "annotations 1] 'caption' is missing"},
      {text(image + R"(,{"id": 2, "file_name": "../b.jpg"})",
            caption + R"(,{"image_id": 2, "caption": "y"})"),
       ".."}};
  for (const auto& [json, part] : wrong) {
    IndexBuilder refuses("coco", {}), leaves("coco", skipping());
    const auto parse = [&](IndexBuilder& builder) {
      std::istringstream stream(json);
      parse_coco_captions(stream, "F", builder.split("all"), builder.source("pictures"), builder);
    };
    expect_error([&] { parse(refuses); }, {"F ", part});
    parse(leaves);
    EXPECT_EQ(leaves.index().bad.count, 1) << json;
    EXPECT_THAT(leaves.index().bad.first.at(0), HasSubstr(part));
    EXPECT_THAT(leaves.take("F").records.at(0).captions, ElementsAre("x"));
  }
  IndexBuilder builder("coco", skipping());
  std::istringstream cut("{\"images\": [" + image + "], \"annotations\": [" + caption);
  expect_error([&] { parse_coco_captions(cut, "F", 0, 0, builder); }, {"F is not valid JSON"});
}

}  // namespace
