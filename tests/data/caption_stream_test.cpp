#include <zlib.h>

#include <t2ue/data/records/caption_stream.hpp>
#include <t2ue/data/records/tar_shard.hpp>
#include <t2ue/data/text/gzip.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// "key#number=caption" of all that the stream gives.
std::vector<std::string> all_of(CaptionStream& stream) {
  std::vector<std::string> all;
  while (const std::optional<StreamCaption> next = stream.next())
    all.push_back(concat(next->key, '#', next->number, '=', next->caption));
  return all;
}

std::vector<std::string> all_of(const std::filesystem::path& file) {
  CaptionStream stream(file);
  return all_of(stream);
}

std::string pack(std::string_view text) {
  const auto file = std::filesystem::path(testing::TempDir()) / "t2ue-stream-pack.gz";
  const gzFile out = gzopen(file.c_str(), "wb");
  EXPECT_EQ(gzwrite(out, text.data(), static_cast<unsigned>(text.size())), static_cast<int>(text.size()));
  gzclose(out);
  return read_text(file);
}

/// What is wrong with a file of that name and content, and what is left of it with skip_bad.
struct Bad {
  std::string error;
  std::vector<std::string> left;
  int64_t count = 0;
};
Bad bad_file(const std::string& name, const std::string& text) {
  const auto folder = fresh_folder();
  write_file(folder / name, std::string_view(text));
  Bad bad;
  bad.error = error_of([&] { all_of(folder / name); });
  CaptionStream stream(folder / name, {.columns = {}, .skip_bad = true, .limits = {}});
  bad.left = all_of(stream);
  bad.count = stream.bad().count;
  EXPECT_FALSE(stream.next().has_value()) << "the end stays the end";
  return bad;
}

const std::string csv =
    "\xEF\xBB\xBFkey,caption,note\r\n\"a\",\"one, \"\"two\"\"\r\nthree\",x\r\na,more,x\n\nb,5\" "
    "disc,\"y\nz\"";
const std::string jsonl =
    "{\"key\":\"a\",\"captions\":[\"one\",\"two\"]}\r\n\n{\"image\":\"b.png\",\"caption\":\"caf\\u00e9\"}";

TEST(CaptionStream, ReadsEveryFormOfList) {
  const auto folder = fresh_folder();
  const std::vector<std::string> from_csv = {"a#1=one, \"two\"\r\nthree", "a#2=more", "b#1=5\" disc"};
  const std::vector<std::string> from_jsonl = {"a#1=one", "a#2=two", "b.png#1=café"};
  put(folder / "x.csv", csv);
  put(folder / "x.csv.gz", pack(csv.substr(0, 30)) + pack(csv.substr(30)));  // two members
  put(folder / "x.jsonl", jsonl);
  put(folder / "x.jsonl.gz", pack(jsonl));
  put(folder / "x.tsv", "caption\tkey\nred, blue\ta\n");
  put(folder / "x.txt", "first\rsecond\r\nthird");  // every line as it likes
  EXPECT_EQ(all_of(folder / "x.csv"), from_csv);
  EXPECT_EQ(all_of(folder / "x.csv.gz"), from_csv);
  EXPECT_EQ(all_of(folder / "x.jsonl"), from_jsonl);
  EXPECT_EQ(all_of(folder / "x.jsonl.gz"), from_jsonl);
  EXPECT_THAT(all_of(folder / "x.tsv"), ElementsAre("a#1=red, blue"));
  EXPECT_THAT(all_of(folder / "x.txt"), ElementsAre("x/1#1=first", "x/2#1=second", "x/3#1=third"));
  EXPECT_EQ(caption_files(folder).size(), 6u);
}

TEST(CaptionStream, RowsAreLongerThanABlock) {
  const auto folder = fresh_folder();
  std::string text = "key,caption\n";
  for (int i = 0; i < 400; ++i) text += concat(i, ",\"", std::string(900, 'a'), "\n", i, "\"\n");
  put(folder / "x.csv", text);
  const auto all = all_of(folder / "x.csv");
  ASSERT_EQ(all.size(), 400u);
  EXPECT_THAT(all[399], AllOf(testing::StartsWith("399#1=aaa"), testing::EndsWith("a\n399")));
}

TEST(CaptionStream, ReadsShardsWithoutTheirPictures) {
  const auto folder = fresh_folder();
  for (const char* name : {"s-0.tar", "s-1.tar.gz"}) {
    ShardWriter writer(folder / name);
    for (int i = 0; i < 3; ++i)
      writer.add({concat(name[2], i),
                  {{"jpg", bytes_of("no picture")}, {"txt", bytes_of(concat("caption ", i, "\nmore\n"))}}});
    writer.commit();
  }
  const auto files = caption_files(folder / "s-{0..0}.tar");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_THAT(all_of(files[0]), ElementsAre("00#1=caption 0", "00#2=more", "01#1=caption 1", "01#2=more",
                                            "02#1=caption 2", "02#2=more"));
  EXPECT_EQ(all_of(folder / "s-1.tar.gz").size(), 6u);
  expect_error([&] { caption_files(folder / "s-{0..1}.tar"); }, {"s-1.tar"});
  expect_error([&] { CaptionStream(folder / "s.json"); }, {"s.json", ".jsonl"});
}

TEST(CaptionStream, BadRowsAreNamedOrCounted) {
  const std::string million(1'000'000, 'a'), more(3'000'000, 'b');
  const auto jsonl_of = [](const std::string& line) {
    return "{\"key\":\"a\",\"caption\":\"x\"}\n" + line + "\n{\"key\":\"c\",\"caption\":\"y\"}\n";
  };
  const std::vector<std::pair<std::string, std::string>> lines = {
      {R"({"key":"b","caption":""})", "empty"},
      {R"({"key":"b","caption":" "})", "empty"},
      {R"({"key":"b","label":"l"})", "no caption"},
      {R"({"caption":"b"})", "no key"},
      {R"({"key":"../b","caption":"z"})", ".."},
      {"{\"key\":\"b\",\"caption\":\"\xff\xfe\"}", "UTF-8"},
      {"{\"key\":\"b\",\"caption\":\"" + million + "\"}", "1000000 bytes"},
      {"{\"key\":\"b\",\"caption\":\"" + more + "\"}", "more than 1048576 bytes"},
      {R"({"key":"b","caption":)", "JSON"}};
  for (const auto& [line, what] : lines) {
    const Bad bad = bad_file("x.jsonl", jsonl_of(line));
    EXPECT_THAT(bad.error, AllOf(HasSubstr("x.jsonl, line 2"), HasSubstr(what)));
    EXPECT_THAT(bad.left, ElementsAre("a#1=x", "c#1=y")) << what;
    EXPECT_EQ(bad.count, 1) << what;
  }
  const Bad lines_of_text = bad_file("x.txt", "one\n\ntwo\rthree\n" + million + "\n\xC0\nlast\n");
  EXPECT_THAT(lines_of_text.error, AllOf(HasSubstr("line 2"), HasSubstr("empty")));
  EXPECT_THAT(lines_of_text.left, ElementsAre("x/1#1=one", "x/3#1=two", "x/4#1=three", "x/7#1=last"));
  EXPECT_EQ(lines_of_text.count, 3);
  const Bad cells = bad_file("x.csv", "key,caption\na,\"x\ny\"\nb\n\"c\"d,z\ne,\n\"f\",w\n");
  EXPECT_THAT(cells.error, AllOf(HasSubstr("line 4"), HasSubstr("1 cells")));
  EXPECT_THAT(cells.left, ElementsAre("a#1=x\ny", "f#1=w"));
  EXPECT_EQ(cells.count, 3);
  const Bad open = bad_file("x.csv", "key,caption\na,x\nb,\"never closed\nc,z\n");
  EXPECT_THAT(open.error, AllOf(HasSubstr("line 3"), HasSubstr("does not end")));
  EXPECT_THAT(open.left, ElementsAre("a#1=x"));
  const Bad huge = bad_file("x.csv", "key,caption\na,x\nb,\"" + more + "\nc,z\n");
  EXPECT_THAT(huge.error, AllOf(HasSubstr("line 3"), HasSubstr("more than 1048576")));
}

TEST(CaptionStream, WhatCannotBeReadOnEndsTheFile) {
  const Bad header = bad_file("x.csv", "name,text\na,b\n");
  EXPECT_THAT(header.error, AllOf(HasSubstr("x.csv"), HasSubstr("no column `key`")));
  EXPECT_EQ(header.count, 1);
  EXPECT_TRUE(header.left.empty());

  std::string text;
  for (int i = 0; i < 50'000; ++i)
    text += concat("caption ", Random(1, Purpose::test, static_cast<uint64_t>(i)).bits(), "\n");
  const std::string whole = pack(text);
  const Bad cut = bad_file("x.txt.gz", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(cut.error, AllOf(HasSubstr("x.txt.gz"), HasSubstr("behind line"), HasSubstr("cut off")));
  EXPECT_EQ(cut.count, 1);
  EXPECT_GT(cut.left.size(), 10'000u);
  const Bad followed = bad_file("x.txt.gz", whole + "more");
  EXPECT_THAT(followed.error, HasSubstr("damaged"));
  EXPECT_EQ(followed.left.size(), 50'000u);

  const auto folder = fresh_folder();
  ShardWriter writer(folder / "x.tar");
  for (int i = 0; i < 40; ++i) writer.add({concat(i), {{"txt", bytes_of("caption")}}});
  writer.commit();
  const std::string tar = read_text(folder / "x.tar");
  const Bad truncated = bad_file("x.tar", tar.substr(0, 20 * 1024 + 512 + 3));
  EXPECT_THAT(truncated.error, AllOf(HasSubstr("x.tar"), HasSubstr("truncated"), HasSubstr("20.txt")));
  EXPECT_EQ(truncated.left.size(), 20u);
  EXPECT_EQ(truncated.count, 1);
  const Bad no_tar = bad_file("x.tar", "no archive");
  EXPECT_THAT(no_tar.error, HasSubstr("x.tar"));
  EXPECT_TRUE(no_tar.left.empty());
}

TEST(CaptionStream, CountsTheCaptionsOfAKeyInARowOnly) {
  const auto folder = fresh_folder();
  put(folder / "x.csv", "key,caption\na,1\na,2\nb,3\na,4\n");
  EXPECT_THAT(all_of(folder / "x.csv"), ElementsAre("a#1=1", "a#2=2", "b#1=3", "a#1=4"));
}

}  // namespace
