// What every form of data set does with bad records: an Error that says where, or, with skip_bad, counted and
// left out while the rest is read.
#include <functional>

#include <t2ue/data/records/tar_shard.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;
using Folder = std::filesystem::path;

struct BadCase {
  std::string name;
  std::string path;                         ///< in the folder: what is opened
  std::function<void(const Folder&)> make;  ///< makes a data set with a bad record
  std::vector<std::string> says;            ///< what the Error has in it
  size_t records = 1;                       ///< that are left with skip_bad
};

void PrintTo(const BadCase& bad, std::ostream* out) {
  *out << bad.name;
}

/// A text file `name` with pictures a.jpg and b.jpg beside it.
std::function<void(const Folder&)> listed(const std::string& name, const std::string& text) {
  return [=](const Folder& folder) {
    put(folder / name, text);
    for (const char* picture : {"a.jpg", "b.jpg"}) put(folder / picture);
  };
}

std::string coco(const std::string& images, const std::string& captions) {
  return "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}" + images +
         "], \"annotations\": [{\"image_id\": 1, \"caption\": \"x\"}" + captions + "]}";
}

std::string karpathy(const std::string& more) {
  return R"({"images": [{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "x"}]})" + more + "]}";
}

void shard(const Folder& folder, const std::vector<Sample>& samples) {
  ShardWriter writer(folder / "s.tar");
  for (const Sample& sample : samples) writer.add(sample);
  writer.commit();
}

Sample sample(const std::string& key, const std::string& caption, bool picture = true) {
  Sample made{key, {}};
  if (picture) made.parts["jpg"] = encode_jpeg(random_image(4, 5, 3), 90);
  if (!caption.empty()) made.parts["txt"] = bytes_of(caption);
  return made;
}

std::string cifar_record(int label) {
  return static_cast<char>(label) + std::string(3072, 'x');
}

std::string name_of_case(const testing::TestParamInfo<BadCase>& bad) {
  return bad.param.name;
}

class BadRecordsOf : public testing::TestWithParam<BadCase> {};

TEST_P(BadRecordsOf, AreNamedOrCountedAndLeftOut) {
  const BadCase& bad = GetParam();
  const Folder folder = fresh_folder();
  bad.make(folder);
  expect_error([&] { open_dataset(folder / bad.path); }, bad.says);
  const DatasetIndex rest = open_dataset(folder / bad.path, skipping());
  EXPECT_EQ(rest.records.size(), bad.records);
  EXPECT_EQ(rest.bad.count, 1);
  ASSERT_EQ(rest.bad.first.size(), 1u);
  EXPECT_TRUE(rest.bad.first[0].starts_with("[")) << rest.bad.first[0];
}

const std::string csv_list = "image,caption\na.jpg,x\n";
const std::string jsonl_list = "{\"image\": \"a.jpg\", \"caption\": \"x\"}\n";

INSTANTIATE_TEST_SUITE_P(
    Lists, BadRecordsOf,
    testing::Values(
        BadCase{"csv_columns",
                "l.csv",
                listed("l.csv", csv_list + "b.jpg\na.jpg,y\n"),
                {"l.csv", "line 3", "1 cells"}},
        BadCase{"csv_open_quote",
                "l.csv",
                listed("l.csv", csv_list + "b.jpg,\"y\na.jpg,z\n"),
                {"l.csv", "line 3", "does not end"}},
        BadCase{"csv_text_behind_quote",
                "l.csv",
                listed("l.csv", csv_list + "b.jpg,\"y\"z\na.jpg,\"z\"\n"),
                {"l.csv", "line 3", "closing quote"}},
        BadCase{"csv_after_a_long_cell",
                "l.csv",
                listed("l.csv", "image,caption\na.jpg,\"x\ny\nz\"\nb.jpg\n"),
                {"l.csv", "line 5"}},
        BadCase{
            "csv_utf8", "l.csv", listed("l.csv", csv_list + "b.jpg,\xC3(\n"), {"l.csv", "line 3", "UTF-8"}},
        BadCase{"csv_empty_caption",
                "l.csv",
                listed("l.csv", csv_list + "b.jpg, \n"),
                {"l.csv", "line 3", "empty"}},
        BadCase{"csv_no_picture",
                "l.csv",
                listed("l.csv", "key,image,caption\na,a.jpg,x\nb,,y\n"),
                {"\"b\" has no picture"}},
        BadCase{"csv_missing_picture",
                "l.csv",
                listed("l.csv", csv_list + "c.jpg,y\n"),
                {"1 of 2 pictures", "c.jpg"}},
        BadCase{"csv_duplicate_key",
                "l.csv",
                listed("l.csv", "key,image,caption\na,a.jpg,x\na,b.jpg,y\n"),
                {"l.csv", "line 3", "line 2", "\"a\""}},
        BadCase{"tsv_columns",
                "l.tsv",
                listed("l.tsv", "image\tcaption\na.jpg\tx\nb.jpg\ty\tz\n"),
                {"l.tsv", "line 3", "3 cells"}},
        BadCase{"jsonl_not_json",
                "l.jsonl",
                listed("l.jsonl", jsonl_list + "{\"image\": \"b.jpg\",\n"),
                {"l.jsonl", "line 2", "JSON"}},
        BadCase{
            "jsonl_utf8",
            "l.jsonl",
            listed("l.jsonl", jsonl_list + "{\"image\": \"b.jpg\", \"caption\": \"\xFF\"}\n" + jsonl_list),
            {"l.jsonl", "line 2", "UTF-8"}},
        BadCase{"jsonl_no_caption",
                "l.jsonl",
                listed("l.jsonl", jsonl_list + "{\"image\": \"b.jpg\"}\n"),
                {"l.jsonl", "line 2", "neither a caption"}},
        BadCase{"pairs_missing_picture",
                "",
                listed("pairs.jsonl", jsonl_list + "{\"image\": \"c.jpg\", \"caption\": \"y\"}\n"),
                {"1 of 2 pictures", "c.jpg"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Published, BadRecordsOf,
    testing::Values(
        BadCase{"flickr_line", "", listed("f.token", "a.jpg#0\tx\nb.jpg y\n"), {"f.token line 2"}},
        BadCase{
            "flickr_utf8", "", listed("f.token", "a.jpg#0\tx\nb.jpg#0\t\xFF\n"), {"f.token line 2", "UTF-8"}},
        BadCase{"flickr_missing_picture",
                "",
                listed("f.token", "a.jpg#0\tx\nc.jpg#0\ty\n"),
                {"1 of 2 pictures", "c.jpg"}},
        BadCase{"flickr_csv_quote",
                "",
                listed("captions.txt", csv_list + "b.jpg,\"y\n"),
                {"captions.txt line 3", "does not end"}},
        BadCase{"flickr_csv_columns",
                "",
                listed("captions.txt", csv_list + "b.jpg\na.jpg,z\n"),
                {"captions.txt line 3", "1 cells"}},
        BadCase{"karpathy_duplicate",
                "",
                listed("dataset.json",
                       karpathy(R"(,{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "y"}]})")),
                {"dataset.json image 1", "there twice"}},
        BadCase{
            "karpathy_no_caption",
            "",
            listed("dataset.json", karpathy(R"(,{"filename": "b.jpg", "split": "train", "sentences": []})")),
            {"dataset.json image 1", "neither a caption"}},
        BadCase{"karpathy_missing_picture",
                "",
                listed("dataset.json",
                       karpathy(R"(,{"filename": "c.jpg", "split": "train", "sentences": [{"raw": "y"}]})")),
                {"1 of 2 pictures", "c.jpg"}},
        BadCase{"coco_duplicate",
                "",
                listed("captions_x.json", coco(R"(,{"id": 1, "file_name": "b.jpg"})", "")),
                {"captions_x.json images 1", "there twice"}},
        BadCase{"coco_caption_without_image",
                "",
                listed("captions_x.json", coco("", R"(,{"image_id": 9, "caption": "y"})")),
                {"captions_x.json annotations 1", "not in the list"}},
        BadCase{"coco_image_without_caption",
                "",
                listed("captions_x.json", coco(R"(,{"id": 2, "file_name": "b.jpg"})", "")),
                {"captions_x.json images 1", "neither a caption"}},
        BadCase{"coco_missing_picture",
                "",
                listed("captions_x.json",
                       coco(R"(,{"id": 2, "file_name": "c.jpg"})", R"(,{"image_id": 2, "caption": "y"})")),
                {"1 of 2 pictures", "c.jpg"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    FoldersAndArchives, BadRecordsOf,
    testing::Values(BadCase{"shard_no_picture",
                            "",
                            [](const Folder& f) {
                              shard(f, {sample("a", "x"), sample("b", "y", false)});
                            },
                            {"s.tar", "\"b\"", "no picture"}},
                    BadCase{"shard_no_caption",
                            "",
                            [](const Folder& f) {
                              shard(f, {sample("a", "x"), sample("b", "")});
                            },
                            {"s.tar", "\"b\"", "neither a caption"}},
                    BadCase{"shard_utf8",
                            "",
                            [](const Folder& f) {
                              shard(f, {sample("a", "x"), sample("b", "\xFF")});
                            },
                            {"s.tar", "\"b\"", "UTF-8"}},
                    BadCase{"shard_duplicate",
                            "",
                            [](const Folder& f) {
                              shard(f, {sample("a", "x"), sample("b", "y"), sample("a", "z")});
                            },
                            {"s.tar", "\"a\"", "there twice"},
                            2},
                    BadCase{"side_no_text",
                            "",
                            [](const Folder& f) {
                              put(f / "a.txt", "x");
                              put(f / "a.png");
                              put(f / "b.png");
                            },
                            {"b.png", "no captions"}},
                    BadCase{"side_no_picture",
                            "",
                            [](const Folder& f) {
                              put(f / "a.txt", "x");
                              put(f / "a.png");
                              put(f / "b.txt", "y");
                            },
                            {"b.txt", "no picture"}},
                    BadCase{"side_utf8",
                            "",
                            [](const Folder& f) {
                              put(f / "a.txt", "x");
                              put(f / "a.png");
                              put(f / "b.txt", "\xFF");
                              put(f / "b.png");
                            },
                            {"b.txt", "UTF-8"}},
                    BadCase{"side_duplicate",
                            "",
                            [](const Folder& f) {
                              put(f / "a.txt", "x");
                              put(f / "a.png");
                              put(f / "a.jpg");
                            },
                            {"there twice"}},
                    BadCase{"classes_outside",
                            "",
                            [](const Folder& f) {
                              put(f / "cat/a.png");
                              put(f / "b.png");
                            },
                            {"b.png", "outside"}},
                    BadCase{"classes_duplicate",
                            "",
                            [](const Folder& f) {
                              put(f / "cat/a.png");
                              put(f / "cat/a.jpg");
                            },
                            {"there twice"}},
                    BadCase{"cifar_class",
                            "",
                            [](const Folder& f) {
                              put(f / "data_batch_1.bin", cifar_record(3) + cifar_record(77));
                              put(f / "batches.meta.txt", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
                            },
                            {"data_batch_1.bin record 1", "77"}},
                    BadCase{"stl10_class",
                            "",
                            [](const Folder& f) {
                              put(f / "train_X.bin", std::string(2 * 27648, 'x'));
                              put(f / "train_y.bin", "\x03\x4D");
                            },
                            {"train_y.bin byte 1", "77"}}),
    name_of_case);

TEST(BadRecords, AllBadIsAnErrorThatSaysTheFirst) {
  const Folder folder = fresh_folder();
  put(folder / "l.csv", "image,caption\nb.jpg\n");
  expect_error([&] { open_dataset(folder / "l.csv", skipping()); }, {"1 were bad", "line 2"});
  put(folder / "h.csv", "picture\nb.jpg\n");
  expect_error([&] { open_dataset(folder / "h.csv", skipping()); }, {"h.csv", "line 1", "caption"});
}

TEST(BadRecords, OnlyTheFirstHundredAreListed) {
  const Folder folder = fresh_folder();
  std::string text = csv_list;
  for (int i = 0; i < 150; ++i) text += "b.jpg\n";
  listed("l.csv", text)(folder);
  const BadRecords bad = open_dataset(folder / "l.csv", skipping()).bad;
  EXPECT_EQ(bad.count, 150);
  EXPECT_EQ(bad.first.size(), 100u);
}

TEST(BadRecords, LineEndsMayBeMixed) {
  const Folder folder = fresh_folder();
  for (const char* name : {"a.jpg", "b.jpg", "c.jpg"}) put(folder / name);
  put(folder / "l.csv", "image,caption\ra.jpg,x\r\n\r\nb.jpg,\"y\r\nz\"\nc.jpg,w\r");
  put(folder / "l.jsonl",
      "{\"image\": \"a.jpg\", \"caption\": \"x\"}\r{\"image\": \"b.jpg\", \"caption\": \"y\\r\\nz\"}\r\n\n"
      "{\"image\": \"c.jpg\", \"caption\": \"w\"}");
  put(folder / "f.token", "a.jpg#0\tx\rb.jpg#0\ty\r\nc.jpg#0\tw\n");
  for (const char* list : {"l.csv", "l.jsonl", "f.token"}) {
    const DatasetIndex index = open_dataset(folder / list);
    EXPECT_THAT(keys_of(index), testing::SizeIs(3)) << list;
    EXPECT_THAT(index.records.at(2).captions, testing::ElementsAre("w")) << list;
  }
  EXPECT_THAT(open_dataset(folder / "l.csv").records.at(1).captions, testing::ElementsAre("y\r\nz"));
  put(folder / "bad.csv", "image,caption\ra.jpg,x\r\nb.jpg\n");
  expect_error([&] { open_dataset(folder / "bad.csv"); }, {"bad.csv", "line 3"});
}

}  // namespace
