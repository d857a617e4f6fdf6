#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string csv_error(std::string_view text) {
  return error_of([&] { parse_pairs_csv(text); });
}
std::string jsonl_error(std::string_view text) {
  return error_of([&] { parse_pairs_jsonl(text); });
}

TEST(Captions, CsvWithEverything) {
  const auto pairs = parse_pairs_csv(
      "\xEF\xBB\xBF"
      "Title,extra,KEY,image,label\r\n"
      "\"a \"\"red\"\" cat,\nsitting\",x,cat,pets/cat.png,animals\r\n"
      "\r\n"
      "a 5\" dog,,dog,pets/dog.png,animals\r\n"
      "the same cat,y,cat,pets/cat.png,animals");
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].key, "cat");
  EXPECT_EQ(pairs[0].picture, "pets/cat.png");
  EXPECT_EQ(pairs[0].label, "animals");
  EXPECT_THAT(pairs[0].captions, ElementsAre("a \"red\" cat,\nsitting", "the same cat"));
  EXPECT_THAT(pairs[1].captions, ElementsAre("a 5\" dog"));
}

TEST(Captions, CsvOfOtherPrograms) {
  const auto tabs = parse_pairs_csv("filepath\ttitle\na.jpg\tone, two\n");
  EXPECT_EQ(tabs[0].key, "a.jpg");
  EXPECT_THAT(tabs[0].captions, ElementsAre("one, two"));
  const auto classes = parse_pairs_csv("key,label\n1,cat\n");
  EXPECT_EQ(classes[0].label, "cat");
  EXPECT_TRUE(classes[0].captions.empty());
  EXPECT_TRUE(classes[0].picture.empty());
}

TEST(Captions, BadCsvNamesTheRow) {
  EXPECT_THAT(csv_error(""), HasSubstr("empty"));
  EXPECT_THAT(csv_error("key,caption\n"), HasSubstr("no rows"));
  EXPECT_THAT(csv_error("name,caption\n1,x\n"), HasSubstr("`key`"));
  EXPECT_THAT(csv_error("key,text\n1,x\n"), HasSubstr("`caption`"));
  EXPECT_THAT(csv_error("key,caption,title\n1,x,y\n"), HasSubstr("mean the same"));
  EXPECT_THAT(csv_error("key,caption\n1,x\n2\n"), AllOf(HasSubstr("line 3"), HasSubstr("1 cells")));
  EXPECT_THAT(csv_error("key,caption\n1,\"x\n2,y\n"), AllOf(HasSubstr("line 2"), HasSubstr("does not end")));
  EXPECT_THAT(csv_error("key,caption\n1,\"x\"y\n"), AllOf(HasSubstr("line 2"), HasSubstr("closing quote")));
  EXPECT_THAT(csv_error("key,caption\n1,x\n2,\n"), AllOf(HasSubstr("line 3"), HasSubstr("caption is empty")));
  EXPECT_THAT(csv_error("key,caption\n1, \t\n"), HasSubstr("caption is empty"));
  EXPECT_THAT(csv_error("key,caption\n,x\n"), HasSubstr("no key"));
  EXPECT_THAT(csv_error("key,caption\n1,x\n2,\xC3(\n"), AllOf(HasSubstr("line 3"), HasSubstr("UTF-8")));
  EXPECT_THAT(csv_error("key,label\n1,\n"), HasSubstr("neither a caption nor a label"));
}

TEST(Captions, MillionCharacters) {
  const std::string caption(1'000'000, 'x');
  EXPECT_THAT(csv_error("key,caption\n1,ok\n2," + caption),
              AllOf(HasSubstr("line 3"), HasSubstr("1000000 bytes"), HasSubstr("10000")));
  EXPECT_THAT(jsonl_error("{\"key\":\"1\",\"caption\":\"" + caption + "\"}"),
              AllOf(HasSubstr("line 1"), HasSubstr("1000000 bytes")));
  CaptionLimits limits;
  limits.max_caption_bytes = 1'000'000;
  EXPECT_EQ(parse_pairs_csv("key,caption\n2," + caption, limits)[0].captions[0].size(), 1'000'000u);
}

TEST(Captions, DuplicateKeys) {
  EXPECT_THAT(csv_error("key,image,caption\na,1.png,x\nb,2.png,y\na,3.png,z\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("line 2"), HasSubstr("\"a\"")));
  EXPECT_THAT(csv_error("key,image,caption,label\na,1.png,x,l\na,1.png,x,m\n"), HasSubstr("line 3"));
}

TEST(Captions, PathsThatClimbOut) {
  for (const char* path : {"../a.png", "a/../../b.png", "/etc/passwd", "..", "a\\b.png"}) {
    EXPECT_NE(csv_error(concat("key,image,caption\nk,", path, ",x\n")), "") << path;
    EXPECT_NE(csv_error(concat("key,caption\n", path, ",x\n")), "") << path;
  }
  for (const char* path : {"..a/b..png", "a/b/c.png", "./a.png", "...", "\xC3\xA9.png"})
    EXPECT_EQ(csv_error(concat("key,image,caption\nk,", path, ",x\n")), "") << path;
}

TEST(Captions, Jsonl) {
  const auto pairs = parse_pairs_jsonl(
      "{\"key\": \"a\", \"image\": \"a.png\", \"caption\": \"caf\\u00e9\", \"label\": null, \"more\": "
      "[1]}\r\n\n"
      "{\"key\": \"b\", \"captions\": [\"one\", \"two\"], \"label\": \"l\"}");
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_THAT(pairs[0].captions, ElementsAre("caf\xC3\xA9"));
  EXPECT_EQ(pairs[0].picture, "a.png");
  EXPECT_THAT(pairs[1].captions, ElementsAre("one", "two"));
  EXPECT_EQ(pairs[1].label, "l");
}

TEST(Captions, BadJsonlNamesTheRow) {
  const std::string good = "{\"key\":\"1\",\"caption\":\"x\"}\n";
  for (const char* line :
       {"{", "[]", "{\"key\":1,\"caption\":\"x\"}", "{\"key\":\"2\"}", "{\"key\":\"2\",\"caption\":\"\"}",
        "{\"key\":\"2\",\"captions\":\"x\"}", "{\"key\":\"2\",\"captions\":[1]}", "{\"caption\":\"x\"}",
        "{\"key\":\"2\",\"caption\":\"\xFF\"}", "{\"key\":\"2\",\"caption\":\"\\ud800\"}",
        "{\"key\":\"../2\",\"caption\":\"x\"}", "{\"key\":\"1\",\"image\":\"other.png\",\"caption\":\"x\"}"})
    EXPECT_THAT(jsonl_error(good + line), HasSubstr("line 2")) << line;
  EXPECT_THAT(jsonl_error("\n \n"), HasSubstr("no rows"));
  EXPECT_THAT(jsonl_error(std::string(100'000, '[')), HasSubstr("line 1"));
}

TEST(Captions, JsonlRoundTrip) {
  const std::vector<Pair> pairs = {{"a", "x/a.png", {"\"quoted\"\n", "caf\xC3\xA9"}, "l"},
                                   {"b", "", {"one"}, ""},
                                   {"c", "c.png", {}, "m"}};
  const auto again = parse_pairs_jsonl(pairs_to_jsonl(pairs));
  ASSERT_EQ(again.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again[i].key, pairs[i].key);
    EXPECT_EQ(again[i].picture, pairs[i].picture);
    EXPECT_EQ(again[i].captions, pairs[i].captions);
    EXPECT_EQ(again[i].label, pairs[i].label);
  }
  EXPECT_THROW(pairs_to_jsonl(std::vector<Pair>{{"a", "", {"\xFF"}, ""}}), Error);
}

TEST(Captions, ReadByEnding) {
  const auto folder = fresh_folder();
  write_file(folder / "list.csv", std::string_view("key,caption\n1,x\n"));
  EXPECT_EQ(read_pairs(folder / "list.csv").size(), 1u);
  write_file(folder / "bad.jsonl", std::string_view("{}\n"));
  EXPECT_THAT(error_of([&] { read_pairs(folder / "bad.jsonl"); }),
              AllOf(HasSubstr("bad.jsonl"), HasSubstr("line 1")));
  EXPECT_THAT(error_of([&] { read_pairs(folder / "list.txt"); }), HasSubstr(".jsonl"));
}

TEST(Captions, PairsFolder) {
  const auto folder = fresh_folder() / "new" / "pairs";
  const std::vector<uint8_t> picture = {1, 2, 3};
  {
    PairsFolderWriter writer(folder);
    writer.add({"a", "a.png", {"one"}, "l"}, picture);
    writer.add({"b", "deep/b.png", {"two", "three"}, ""}, picture);
    EXPECT_THAT(error_of([&] {
                  writer.add({"a", "c.png", {"x"}, ""}, picture);
                }),
                HasSubstr("key \"a\" was added before"));
    EXPECT_THAT(error_of([&] {
                  writer.add({"c", "./a.png", {"x"}, ""}, picture);
                }),
                HasSubstr("added before"));
    EXPECT_THROW(writer.add({"d", "../d.png", {"x"}, ""}, picture), Error);
    EXPECT_THROW(writer.add({"e", "pairs.jsonl", {"x"}, ""}, picture), Error);
    EXPECT_THROW(writer.add({"f", "", {"x"}, ""}, picture), Error);
    EXPECT_THROW(read_pairs_folder(folder), Error);  // not committed yet
    writer.commit();
  }
  const auto pairs = read_pairs_folder(folder);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[1].picture, "deep/b.png");
  EXPECT_THAT(pairs[1].captions, ElementsAre("two", "three"));
  EXPECT_EQ(read_file(folder / pairs[1].picture), picture);

  EXPECT_THAT(error_of([&] { PairsFolderWriter again(folder); }), HasSubstr("already there"));
  EXPECT_THAT(error_of([&] { PairsFolderWriter again(folder / "a.png"); }), HasSubstr("a.png"));
  std::filesystem::remove(folder / "a.png");
  EXPECT_THAT(error_of([&] { read_pairs_folder(folder); }), HasSubstr("a.png"));
}

TEST(Captions, Utf8) {
  for (const char* text :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(valid_utf8(text)) << text;
  for (const char* text : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                           "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xE2\x82", "\xFF",
                           "\xC3"
                           "a"})
    EXPECT_FALSE(valid_utf8(text)) << text;
}

}  // namespace
