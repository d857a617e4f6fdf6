#include <thread>

#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/webdataset.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

/// A long and a short key, so that the archive has extended headers.
void write_shard(const std::filesystem::path& file, int first, int count) {
  ShardWriter writer(file);
  for (int i = first; i < first + count; ++i) {
    const std::string key =
        i % 2 == 0 ? concat(std::string(120, 'k'), "/", std::string(90, 'l'), i) : concat(i);
    writer.add({key,
                {{"png", encode_png(random_image(4, 5, 3, static_cast<uint64_t>(i)))},
                 {"txt", bytes_of(concat("caption ", i, "\n\nsecond\r\n"))},
                 {"json", bytes_of(R"({"caption": "json", "tags": ["one", "two"], "width": 4})")},
                 {"cls", bytes_of(concat(i % 3, "\n"))}}});
  }
  writer.commit();
}

TEST(WebDataset, BraceRanges) {
  EXPECT_THAT(expand_braces("a.tar"), ElementsAre("a.tar"));
  EXPECT_THAT(expand_braces("a-{008..010}.tar"), ElementsAre("a-008.tar", "a-009.tar", "a-010.tar"));
  EXPECT_THAT(expand_braces("{9..11}"), ElementsAre("9", "10", "11"));
  EXPECT_THAT(expand_braces("{a,b}-{0..1}"), ElementsAre("a-0", "a-1", "b-0", "b-1"));
  for (const char* wrong : {"{0..1", "0}", "{{0..1}}", "{3..1}", "{00..100}", "{a..b}", "{0..1000000}",
                            "{0..999}{0..999}{0..9}", "{..}", "{-1..2}"})
    EXPECT_THROW(expand_braces(wrong), Error) << wrong;
}

TEST(WebDataset, ShardsInAFolderAndByPattern) {
  const auto folder = fresh_folder();
  write_shard(folder / "x-train-000.tar", 0, 4);
  write_shard(folder / "x-train-001.tar.gz", 4, 3);
  write_shard(folder / "x-test.tgz", 0, 2);
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "webdataset");
  EXPECT_EQ(counts_of(index), "test 2, train 7");
  EXPECT_THAT(index.label_names, ElementsAre("0", "1", "2"));
  EXPECT_THAT(index.records[1].captions, ElementsAre("caption 1", "second"));
  EXPECT_EQ(index.records[1].label, 1);

  // The pictures at the places found, in any order and by several threads, are those written.
  const PictureReader pictures(index);
  const auto check_all = [&](size_t start, size_t stride) {
    for (size_t i = 0; i < index.records.size(); ++i) {
      const size_t record = (start + i * stride) % index.records.size();
      const size_t number = record < 2 ? record : record - 2;
      EXPECT_EQ(pictures.read(record).pixels, random_image(4, 5, 3, number).pixels) << record;
    }
  };
  std::thread other(check_all, 3, 4);
  check_all(8, 8);
  other.join();

  DatasetOptions columns;
  columns.columns = {"json:tags", "txt", "json:absent"};
  const DatasetIndex pattern = open_dataset(folder / "x-train-{000..000}.tar", columns);
  EXPECT_EQ(pattern.records.size(), 4u);
  EXPECT_THAT(pattern.records[0].captions, ElementsAre("one", "two", "caption 0", "second"));
  expect_error([&] { open_dataset(folder / "x-train-{000..001}.tar"); }, {"x-train-001.tar"});
}

TEST(WebDataset, NamesOfClasses) {
  const auto folder = fresh_folder();
  write_shard(folder / "x.tar", 0, 3);
  put(folder / "classes.txt", "cat\ndog\nsun\n");
  EXPECT_EQ(open_dataset(folder).label_of(open_dataset(folder).records[2]), "sun");
  put(folder / "classes.txt", "cat\ndog\n");
  expect_error([&] { open_dataset(folder); }, {"x.tar", "class number", "\"2\"", "0..1"});
  EXPECT_EQ(open_dataset(folder, skipping()).bad.count, 1);
}

TEST(WebDataset, BadSamples) {
  const auto folder = fresh_folder();
  const Bytes picture = encode_png(random_image(2, 2, 3));
  const std::vector<std::pair<Sample, std::string>> wrong = {
      {{"b", {{"txt", bytes_of("x")}}}, "has no picture"},
      {{"b", {{"png", picture}}}, "neither a caption nor a class"},
      {{"b", {{"png", picture}, {"txt", bytes_of(" \n")}}}, "neither a caption nor a class"},
      {{"b", {{"png", picture}, {"txt", bytes_of("\xFF")}}}, "UTF-8"},
      {{"b", {{"png", picture}, {"json", bytes_of("[1]")}}}, "not a JSON object"},
      {{"b", {{"png", picture}, {"json", bytes_of("{\"caption\": 3}")}}}, "not a text"},
      {{"b", {{"png", picture}, {"cls", bytes_of("-1")}}}, "class number"},
      {{"b", {{"png", picture}, {"cls", bytes_of("1.5")}}}, "class number"}};
  for (const auto& [sample, part] : wrong) {
    ShardWriter writer(folder / "s.tar");
    writer.add({"a", {{"png", picture}, {"txt", bytes_of("x")}}});
    writer.add(sample);
    writer.add({"c", {{"jpg", picture}, {"txt", bytes_of("y")}}});
    writer.commit();
    expect_error([&] { open_dataset(folder); }, {"s.tar", "\"b\"", part});
    EXPECT_THAT(keys_of(open_dataset(folder, skipping())), ElementsAre("a", "c")) << part;
  }
  for (const char* name : {"1.tar", "2.tar"}) {
    ShardWriter writer(folder / name);
    writer.add({"twice", {{"png", picture}, {"txt", bytes_of("x")}}});
    writer.commit();
  }
  expect_error([&] { open_dataset(folder / "{1,2}.tar"); }, {"2.tar", "\"twice\" is there twice"});
}

TEST(WebDataset, TruncatedShards) {
  const auto folder = fresh_folder();
  for (const char* ending : {".tar", ".tar.gz"}) {
    const auto shard = folder / concat("x", ending);
    write_shard(shard, 0, 6);
    const Bytes whole = read_file(shard);
    for (const double share : {0.0, 0.3, 0.6, 0.95}) {
      const auto length = static_cast<ptrdiff_t>(share * static_cast<double>(whole.size()));
      write_file(shard, Bytes(whole.begin(), whole.begin() + length));
      expect_error([&] { open_dataset(shard); }, {"x.tar"});
    }
    // The next shard is still read.
    write_shard(folder / concat("y", ending), 10, 2);
    const DatasetIndex rest = open_dataset(folder / concat("{x,y}", ending), skipping());
    EXPECT_GE(rest.records.size(), 2u);
    EXPECT_EQ(rest.bad.count, 1);
  }
}

}  // namespace
