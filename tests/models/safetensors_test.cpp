#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/safetensors.hpp>

namespace t2ue {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path fresh(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(path);
  return path;
}

/// A file with this header and this many data bytes 0, 1, 2, ...
std::vector<std::byte> file_of(const std::string& header, size_t data) {
  std::vector<std::byte> file(8 + header.size() + data);
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  for (size_t i = 0; i < data; ++i) file[8 + header.size() + i] = static_cast<std::byte>(i);
  return file;
}

std::string error_of(const std::vector<std::byte>& file) {
  try {
    SafetensorsFile::from_memory(file, "f");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Safetensors, WhatIsWrittenIsReadBack) {
  const std::vector<float> weights = {1.5f, -2.0f,  std::numeric_limits<float>::infinity(),
                                      0.0f, 1e-40f, 3.0f};
  const std::vector<int8_t> steps = {-8, 0, 8};
  const std::vector<int64_t> ids = {std::numeric_limits<int64_t>::min(), 7};
  const std::vector<int32_t> small = {-1};
  const std::vector<uint8_t> bytes = {255, 1};
  const std::vector<double> wide = {0.1};
  const auto path = fresh("all.safetensors");
  SafetensorsWriter writer;
  writer.add<int8_t>("steps", {3}, steps);
  writer.add<float>("a.weight", {2, 3}, weights);
  writer.add<int64_t>("ids", {2, 1}, ids);
  writer.add<int32_t>("scalar", {}, small);
  writer.add<uint8_t>("bytes", {2}, bytes);
  writer.add<double>("wide", {1}, wide);
  writer.add("empty", SafetensorsType::F16, {0, 4}, {});
  writer.save(path, {{"caption", "ein Käse"}, {"eps", "8"}});

  const SafetensorsFile file(path);
  EXPECT_EQ(file.tensors().size(), 7u);
  EXPECT_EQ(file.at("a.weight").values<float>(), weights);
  EXPECT_THAT(file.at("a.weight").shape, ElementsAre(2, 3));
  EXPECT_EQ(file.at("steps").values<int8_t>(), steps);
  EXPECT_EQ(file.at("ids").values<int64_t>(), ids);
  EXPECT_EQ(file.at("scalar").values<int32_t>(), small);
  EXPECT_TRUE(file.at("scalar").shape.empty());
  EXPECT_EQ(file.at("bytes").values<uint8_t>(), bytes);
  EXPECT_EQ(file.at("wide").values<double>(), wide);
  EXPECT_EQ(file.at("empty").count(), 0u);
  EXPECT_EQ(file.metadata().at("caption"), "ein Käse");
  EXPECT_EQ(file.metadata().at("eps"), "8");
  EXPECT_THROW(file.at("absent"), Error);
  EXPECT_THROW(file.at("steps").values<float>(), Error);
  for (const auto& [name, view] : file.tensors())
    EXPECT_EQ(reinterpret_cast<uintptr_t>(view.bytes.data()) % size_of(view.dtype), 0u) << name;
}

TEST(Safetensors, ACopyKeepsTheFileMapped) {
  const auto path = fresh("copy.safetensors");
  SafetensorsWriter writer;
  const std::vector<float> values = {1, 2, 3};
  writer.add<float>("x", {3}, values);
  writer.save(path);
  const auto opened = [&] { return SafetensorsFile(path); }();
  std::filesystem::remove(path);
  EXPECT_EQ(opened.at("x").values<float>(), values);
}

TEST(Safetensors, TheFileDoesNotDependOnTheOrderOfAdding) {
  const std::vector<float> values = {1, 2};
  const std::vector<int8_t> steps = {1};
  SafetensorsWriter one, two;
  one.add<float>("a", {2}, values);
  one.add<int8_t>("b", {1}, steps);
  two.add<int8_t>("b", {1}, steps);
  two.add<float>("a", {2}, values);
  one.save(fresh("one.safetensors"));
  two.save(fresh("two.safetensors"));
  const std::filesystem::path folder = testing::TempDir();
  EXPECT_EQ(read_file(folder / "one.safetensors"), read_file(folder / "two.safetensors"));
}

TEST(Safetensors, ReadsAHandWrittenFile) {
  const auto file =
      file_of(R"({"__metadata__":{"k":"v"},"y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
              R"("x":{"dtype":"BF16","shape":[1,2],"data_offsets":[1,5]}}   )",
              5);
  const auto read = SafetensorsFile::from_memory(file);
  EXPECT_THAT(read.at("y").values<uint8_t>(), ElementsAre(0));
  EXPECT_EQ(read.metadata().at("k"), "v");
  // bytes 01 02 03 04, unaligned: 0x0201 and 0x0403 are the upper halves of two floats
  EXPECT_THAT(to_floats(read.at("x")),
              ElementsAre(std::bit_cast<float>(0x02010000u), std::bit_cast<float>(0x04030000u)));
}

TEST(Safetensors, EveryHalfBecomesItsFloat) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  const auto floats = to_floats({SafetensorsType::F16, {65536}, std::as_bytes(std::span(halves))});
  for (size_t i = 0; i < halves.size(); ++i) {
    _Float16 half;
    std::memcpy(&half, &halves[i], 2);
    const auto expected = static_cast<float>(half);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(floats[i])) << i;
    else
      EXPECT_EQ(std::bit_cast<uint32_t>(floats[i]), std::bit_cast<uint32_t>(expected)) << i;
  }
  const std::vector<uint8_t> bytes = {1};
  EXPECT_THROW(to_floats({SafetensorsType::U8, {1}, std::as_bytes(std::span(bytes))}), Error);
}

TEST(Safetensors, LyingOffsetsAreNamed) {
  const auto tensor = [](const std::string& shape, const std::string& offsets,
                         const std::string& type = "F32") {
    return R"("t":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
  };
  const auto error = [&](const std::string& entries, size_t data) {
    return error_of(file_of("{" + entries + "}", data));
  };
  EXPECT_EQ(error(tensor("[2]", "[0,8]"), 8), "");
  EXPECT_THAT(error(tensor("[4]", "[0,16]"), 8),
              AllOf(HasSubstr("\"t\""), HasSubstr("16"), HasSubstr("only 8")));
  EXPECT_THAT(error(tensor("[2]", "[8,0]"), 8), HasSubstr("offsets"));
  EXPECT_THAT(error(tensor("[3]", "[0,8]"), 8),
              AllOf(HasSubstr("[3]"), HasSubstr("needs 12"), HasSubstr("hold 8")));
  EXPECT_THAT(error(tensor("[2]", "[0,18446744073709551615]"), 8), HasSubstr("\"t\""));
  EXPECT_THAT(error(tensor("[2]", "[18446744073709551608,0]"), 8), HasSubstr("\"t\""));
  EXPECT_THAT(error(tensor("[4611686018427387906]", "[0,8]"), 8),
              HasSubstr("too large"));  // times 4 wraps to 8
  EXPECT_THAT(error(tensor("[4294967296,4294967296]", "[0,0]"), 0), HasSubstr("too large"));
  EXPECT_THAT(error(tensor("[18446744073709551615]", "[0,8]"), 8), HasSubstr("too large"));
  EXPECT_THAT(error(tensor("[-1]", "[0,8]"), 8), HasSubstr("-1"));
  EXPECT_THAT(error(tensor("[2.0]", "[0,8]"), 8), HasSubstr("2.0"));
  EXPECT_THAT(error(tensor("[2]", "[0,8,8]"), 8), HasSubstr("offsets"));
  EXPECT_THAT(error(tensor("2", "[0,8]"), 8), HasSubstr("shape"));
  EXPECT_THAT(error(tensor("[2]", "[0,8]", "F33"), 8), HasSubstr("F33"));
  EXPECT_THAT(error(tensor("[1]", "[4,8]"), 8), HasSubstr("belong to no tensor"));
  EXPECT_THAT(error(tensor("[1]", "[0,4]"), 8), HasSubstr("last 4 bytes"));
  EXPECT_THAT(error(tensor("[2]", "[0,8]") + R"(,"u":{"dtype":"U8","shape":[4],"data_offsets":[4,8]})", 8),
              AllOf(HasSubstr("\"u\""), HasSubstr("inside another")));
  EXPECT_THAT(error(tensor("[1]", "[0,4]") + "," + tensor("[1]", "[4,8]"), 8), HasSubstr("twice"));
  EXPECT_THAT(error(R"("__metadata__":{"k":1})", 0), HasSubstr("\"k\""));
  EXPECT_THAT(error(R"("t":[])", 0), HasSubstr("\"t\""));
  EXPECT_THAT(error(R"("t":{})", 0), HasSubstr("\"t\""));
}

TEST(Safetensors, BrokenHeadersAreErrors) {
  EXPECT_THAT(error_of({}), HasSubstr("0 bytes"));
  EXPECT_THAT(error_of(std::vector<std::byte>(7)), HasSubstr("7 bytes"));
  EXPECT_THAT(error_of(std::vector<std::byte>(8)), HasSubstr("JSON"));
  EXPECT_THAT(error_of(std::vector<std::byte>(20, std::byte{255})), HasSubstr("claims a header"));
  EXPECT_THAT(error_of(file_of("[]", 0)), HasSubstr("not a JSON object"));
  EXPECT_THAT(error_of(file_of("{\"\xff\":{}}", 0)), HasSubstr("JSON"));
  EXPECT_THAT(error_of(file_of(std::string(1'000'000, '['), 0)), HasSubstr("nested too deeply"));
  const auto whole = file_of(R"({"t":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4);
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(error_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}), "") << length;
  EXPECT_EQ(error_of(whole), "");
  const auto empty = fresh("empty.safetensors");
  std::ofstream{empty};
  EXPECT_THROW(SafetensorsFile{empty}, Error);
  EXPECT_THROW(SafetensorsFile{fresh("absent.safetensors")}, Error);
  EXPECT_THROW(SafetensorsFile{testing::TempDir()}, Error);
}

TEST(Safetensors, TheWriterRefusesWhatItCouldNotReadBack) {
  const std::vector<float> values = {1, 2};
  SafetensorsWriter writer;
  writer.add<float>("x", {2}, values);
  EXPECT_THROW(writer.add<float>("x", {2}, values), Error);
  EXPECT_THROW(writer.add<float>("y", {3}, values), Error);
  EXPECT_THROW(writer.add<float>("y", {-1}, values), Error);
  EXPECT_THROW(writer.add<float>("__metadata__", {2}, values), Error);
  EXPECT_THROW(writer.save(fresh("utf8.safetensors"), {{"k", "\xff"}}), Error);
  EXPECT_THROW(writer.save("/proc/no/such/folder.safetensors"), Error);
}

TEST(Safetensors, AFullDiskLeavesTheOldFile) {
  const auto path = fresh("full.safetensors");
  SafetensorsWriter small;
  const std::vector<float> one = {1};
  small.add<float>("x", {1}, one);
  small.save(path);
  SafetensorsWriter large;
  const std::vector<float> many(10'000);
  large.add<float>("x", {10'000}, many);

  // A limit on the size of files stands for the full disk: write() fails half way in the same manner.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 4096;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  EXPECT_THROW(large.save(path), Error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(SafetensorsFile(path).at("x").values<float>(), one);
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path()))
    EXPECT_EQ(entry.path().string().find("full.safetensors.tmp"), std::string::npos) << entry.path();
}

}  // namespace
}  // namespace t2ue
