#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/records/tar_shard.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

/// A tar member by hand: what libarchive would refuse to write. `declared` may differ from what follows.
Bytes tar_member(const std::string& path, std::string_view content, uint64_t declared, char type = '0') {
  Bytes block(512);
  const auto put = [&](size_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), block.begin() + static_cast<ptrdiff_t>(at));
  };
  const auto octal = [](uint64_t value, int digits) {
    std::string text;
    for (int i = digits - 1; i >= 0; --i) text += static_cast<char>('0' + (value >> (3 * i) & 7));
    return text;
  };
  put(0, path);
  put(100, octal(0644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(declared, 12));
  put(136, octal(0, 11));
  put(148, "        ");
  block[156] = static_cast<uint8_t>(type);
  if (type == '2') put(157, "/etc/passwd");
  put(257, std::string("ustar\00000", 8));
  unsigned sum = 0;
  for (const uint8_t byte : block) sum += byte;
  put(148, octal(sum, 6) + '\0');
  block.insert(block.end(), content.begin(), content.end());
  block.resize((block.size() + 511) / 512 * 512);
  return block;
}

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
const Bytes end_mark(1024);
Bytes good_member(const std::string& path, std::string_view content = "x") {
  return tar_member(path, content, content.size());
}

/// What reading all samples throws.
std::string read_error(const Bytes& archive, ShardOptions options = {}) {
  return error_of([&] {
    ShardReader reader(archive, options);
    while (reader.next()) {
    }
  });
}

std::vector<Sample> some_samples() {
  return {{"a", {{"jpg", bytes_of("picture a")}, {"txt", bytes_of("caption a")}}},
          {"deep/folder/b", {{"seg.png", Bytes(100'000, 7)}, {"txt", {}}}},
          {std::string(180, 'k') + "/\xC3\xA9t\xC3\xA9", {{"txt", bytes_of("long name, not ASCII")}}}};
}

TEST(TarShard, RoundTrip) {
  const auto folder = fresh_folder();
  for (const char* name : {"shard.tar", "shard.tar.gz"}) {
    ShardWriter writer(folder / name);
    for (const Sample& sample : some_samples()) writer.add(sample);
    EXPECT_FALSE(std::filesystem::exists(folder / name));
    writer.commit();
    ShardReader reader(folder / name);
    for (const Sample& sample : some_samples()) {
      const auto again = reader.next();
      ASSERT_TRUE(again.has_value()) << sample.key;
      EXPECT_EQ(again->key, sample.key);
      EXPECT_EQ(again->parts, sample.parts);
    }
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.next().has_value());
  }
  EXPECT_LT(std::filesystem::file_size(folder / "shard.tar.gz"),
            std::filesystem::file_size(folder / "shard.tar") / 10);
}

TEST(TarShard, SameSamplesSameBytes) {
  const auto folder = fresh_folder();
  for (const char* ending : {".tar", ".tar.gz"}) {
    for (const char* name : {"1", "2"}) {
      ShardWriter writer(folder / concat(name, ending));
      for (const Sample& sample : some_samples()) writer.add(sample);
      writer.commit();
    }
    const Bytes first = read_file(folder / concat("1", ending));
    EXPECT_EQ(first, read_file(folder / concat("2", ending)));
    if (ending == std::string(".tar")) {
      EXPECT_EQ(std::string(first.begin() + 136, first.begin() + 147), "00000000000");  // the time
      EXPECT_EQ(std::string(first.begin() + 108, first.begin() + 114), "000000");       // the owner
    } else {
      EXPECT_EQ(Bytes(first.begin() + 4, first.begin() + 8), Bytes(4));
    }
  }
}

TEST(TarShard, ReadByTheSystemsTar) {
  if (std::system("tar --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no tar program here";
  const auto folder = fresh_folder();
  ShardWriter writer(folder / "shard.tar.gz");
  for (const Sample& sample : some_samples()) writer.add(sample);
  writer.commit();
  ASSERT_EQ(
      std::system(concat("cd ", folder, " && tar xf shard.tar.gz && tar cf again.tar ./a.txt ./a.jpg ./deep")
                      .c_str()),
      0);
  EXPECT_EQ(read_text(folder / "a.txt"), "caption a");
  ShardReader reader(folder / "again.tar");
  const auto a = reader.next(), b = reader.next();
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->parts, some_samples()[0].parts);
  EXPECT_EQ(b->key, "deep/folder/b");
}

TEST(TarShard, KeyEndsAtTheFirstDotOfTheFileName) {
  const Bytes archive =
      good_member("v1.5/x.SEG.Png") + good_member("v1.5/x.txt") + good_member("v1.5/y.txt") + end_mark;
  ShardReader reader(archive);
  const auto x = reader.next(), y = reader.next();
  ASSERT_TRUE(x && y);
  EXPECT_EQ(x->key, "v1.5/x");
  EXPECT_TRUE(x->parts.contains("seg.png") && x->parts.contains("txt") && x->parts.size() == 2);
  EXPECT_EQ(y->key, "v1.5/y");
}

TEST(TarShard, MissingPartnerIsNamedAndCanBeSkipped) {
  const Bytes archive = good_member("a.jpg") + good_member("a.txt") + good_member("b.jpg") +
                        good_member("c.jpg") + good_member("c.txt") + end_mark;
  ShardReader reader(archive, {.required = {"jpg", "txt"}});
  EXPECT_EQ(reader.next()->key, "a");
  EXPECT_THAT(error_of([&] { reader.next(); }), AllOf(HasSubstr("\"b\""), HasSubstr("\"txt\"")));
  EXPECT_FALSE(reader.broken());
  EXPECT_EQ(reader.next()->key, "c");
  EXPECT_FALSE(reader.next().has_value());
}

TEST(TarShard, PathsThatClimbOut) {
  for (const char* path : {"../a.jpg", "a/../../b.jpg", "/etc/a.jpg", "./../a.jpg"})
    EXPECT_NE(read_error(good_member(path) + end_mark), "") << path;
  EXPECT_THAT(read_error(good_member("../a.jpg") + end_mark), HasSubstr("climbs out"));
  EXPECT_EQ(read_error(good_member("./a.jpg") + end_mark), "");
}

TEST(TarShard, LinksNamelessAndDoubledMembers) {
  EXPECT_THAT(read_error(tar_member("a.jpg", "", 0, '2') + end_mark), HasSubstr("link"));
  EXPECT_THAT(read_error(good_member("README") + end_mark), HasSubstr("KEY.EXTENSION"));
  EXPECT_THAT(read_error(good_member("x/.jpg") + end_mark), HasSubstr("KEY.EXTENSION"));
  EXPECT_THAT(read_error(good_member("a.jpg") + good_member("a.JPG") + end_mark), HasSubstr("two parts"));
  EXPECT_EQ(read_error(tar_member("folder/", "", 0, '5') + good_member("a.jpg") + end_mark), "");
}

TEST(TarShard, TenGigabytesDeclared) {
  const std::string error = read_error(tar_member("a.jpg", "few bytes", uint64_t{10} << 30) + end_mark);
  EXPECT_THAT(error, AllOf(HasSubstr("a.jpg"), HasSubstr("declares 10737418240")));
  // Within the limit of one member, but not of the sample.
  EXPECT_THAT(read_error(good_member("a.jpg", "12345678") + good_member("a.txt", "12345678") + end_mark,
                         {.max_sample_bytes = 15}),
              HasSubstr("a.txt"));
  EXPECT_EQ(read_error(good_member("a.jpg", "12345678") + good_member("b.txt", "12345678") + end_mark,
                       {.max_sample_bytes = 8}),
            "");
}

TEST(TarShard, DeclaredButAbsentBytesAreNotAllocated) {
  const Bytes archive = tar_member("a.jpg", "few bytes", uint64_t{4} << 30);
  EXPECT_THAT(read_error(archive, {.max_sample_bytes = uint64_t{8} << 30}), HasSubstr("truncated"));
}

TEST(TarShard, EveryTruncationIsAnErrorAndStaysOne) {
  const auto folder = fresh_folder();
  const Bytes tar = good_member("a.jpg", std::string(700, 'x')) + good_member("b.jpg") + end_mark;
  ShardWriter writer(folder / "whole.tar.gz");
  for (const Sample& sample : some_samples()) writer.add(sample);
  writer.commit();
  for (const Bytes& whole : {tar, read_file(folder / "whole.tar.gz")}) {
    ASSERT_EQ(read_error(whole), "");
    // Of a plain tar the second block of the end mark may lack.
    for (size_t length = 0; length < whole.size() - (whole == tar ? 512 : 0);
         length += length % 512 == 0 ? 511 : 1) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
      EXPECT_NE(read_error(cut), "") << length << " of " << whole.size();
    }
  }
  const Bytes cut(tar.begin(), tar.begin() + 1600);
  ShardReader reader(cut);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(reader.next(), Error);
  EXPECT_TRUE(reader.broken());
  write_file(folder / "empty.tar", Bytes{});
  EXPECT_THROW(ShardReader(folder / "empty.tar").next(), Error);
  EXPECT_THAT(error_of([&] { ShardReader none(folder / "none.tar"); }), HasSubstr("none.tar"));
  EXPECT_THROW(ShardReader(folder).next(), Error);
}

TEST(TarShard, TheSampleBeforeADamagedOneIsKept) {
  const Bytes archive = good_member("a.jpg") + tar_member("b.jpg", "x", uint64_t{10} << 30);
  ShardReader reader(archive);
  EXPECT_EQ(reader.next()->key, "a");
  EXPECT_THAT(error_of([&] { reader.next(); }), HasSubstr("b.jpg"));
  EXPECT_THAT(error_of([&] { reader.next(); }), HasSubstr("b.jpg"));
}

TEST(TarShard, WriterRefusesWhatWouldNotComeBack) {
  const auto folder = fresh_folder();
  ShardWriter writer(folder / "shard.tar");
  const auto part = bytes_of("x");
  EXPECT_THROW(writer.add({"a.b", {{"txt", part}}}), Error);
  EXPECT_THROW(writer.add({"../a", {{"txt", part}}}), Error);
  EXPECT_THROW(writer.add({"a/", {{"txt", part}}}), Error);
  EXPECT_THROW(writer.add({"a", {}}), Error);
  EXPECT_THROW(writer.add({"a", {{"", part}}}), Error);
  EXPECT_THROW(writer.add({"a", {{"TXT", part}}}), Error);
  writer.add({"a", {{"txt", part}}});
  EXPECT_THROW(writer.add({"a", {{"jpg", part}}}), Error);
}

TEST(TarShard, NothingAppearsWithoutCommit) {
  const auto folder = fresh_folder();
  {
    ShardWriter writer(folder / "shard.tar.gz");
    writer.add(some_samples()[0]);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_THAT(error_of([&] { ShardWriter writer(folder / "none" / "shard.tar"); }), HasSubstr("none"));
}

TEST(TarShard, FullDisk) {
  const auto folder = fresh_folder();
  write_file(folder / "shard.tar", std::string_view("what was there"));
  // A limit on the size of files stands for the disk.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{200'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = error_of([&] {
    ShardWriter writer(folder / "shard.tar");
    for (int i = 0; i < 10; ++i) writer.add({concat(i), {{"bin", Bytes(100'000, 1)}}});
    writer.commit();
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, HasSubstr("shard.tar"));
  EXPECT_EQ(read_text(folder / "shard.tar"), "what was there");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(TarShard, PartsThatAreNotWantedAreOnlyPlaced) {
  const auto folder = fresh_folder();
  ShardOptions options;
  options.wanted = [](const std::string& extension) { return extension == "txt"; };
  options.required = {"jpg"};
  {
    ShardWriter writer(folder / "x.tar");
    for (Sample sample : some_samples()) {
      sample.parts["jpg"] = bytes_of("picture of " + sample.key);
      writer.add(sample);
    }
    writer.commit();
  }
  const Bytes whole = read_file(folder / "x.tar");
  for (const bool in_memory : {false, true}) {
    ShardReader reader = in_memory ? ShardReader(whole, options) : ShardReader(folder / "x.tar", options);
    for (const Sample& sample : some_samples()) {
      const auto again = reader.next();
      ASSERT_TRUE(again.has_value());
      EXPECT_FALSE(again->parts.contains("jpg"));
      EXPECT_EQ(again->parts.at("txt"), sample.parts.at("txt"));
      const PartPlace& place = again->unread.at("jpg");
      EXPECT_EQ(place.path, sample.key + ".jpg");
      ASSERT_LE(place.offset + place.bytes, whole.size());
      const auto at = whole.begin() + static_cast<ptrdiff_t>(place.offset);
      EXPECT_EQ(Bytes(at, at + static_cast<ptrdiff_t>(place.bytes)), bytes_of("picture of " + sample.key));
    }
  }
  const auto error = [&](const Bytes& archive) {
    options.required.clear();
    return read_error(archive, options);
  };
  EXPECT_EQ(error(good_member("a.jpg") + good_member("a.txt") + end_mark), "");
  EXPECT_THAT(error(good_member("a.jpg") + good_member("a.jpg") + end_mark), HasSubstr("two parts"));
  EXPECT_THAT(error(tar_member("a.jpg", "x", 5000) + end_mark),
              HasSubstr("truncated in the member \"a.jpg\""));
  options.max_sample_bytes = 100;
  EXPECT_THAT(error(tar_member("a.jpg", "x", 101) + end_mark), HasSubstr("101 bytes"));
}

TEST(TarShard, SparsePartsCannotBePlaced) {
  if (std::system("tar --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no tar program here";
  const auto folder = fresh_folder();
  ASSERT_EQ(std::system(
                concat("cd ", folder, " && truncate -s 1M a.jpg && echo x >> a.jpg && tar -cS -f s.tar a.jpg")
                    .c_str()),
            0);
  if (std::filesystem::file_size(folder / "s.tar") > (1 << 20))
    GTEST_SKIP() << "no holes on this file system";
  ShardOptions options;
  options.wanted = [](const std::string&) { return false; };
  EXPECT_THAT(error_of([&] { ShardReader(folder / "s.tar", options).next(); }), HasSubstr("sparse"));
}

}  // namespace
