#include <gtest/gtest.h>

#include <errors.hpp>
#include <filesystem>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/core/sha256.hpp>

using namespace t2ue;
namespace fs = std::filesystem;

namespace {
fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("t2ue-files-" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}
}  // namespace

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  const fs::path folder = fresh_folder("old"), target = folder / "a";
  write_file(target, std::string_view("old"));
  {
    AtomicFile file(target);
    file.write("new");
  }
  EXPECT_EQ(read_text(target), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  write_file(target, std::string_view("new"), Durability::killed_process);
  EXPECT_EQ(read_text(target), "new");
}

TEST(AtomicFile, ErrorsNameThePath) {
  try {
    write_file("/nowhere/at/all/file", std::string_view("x"));
    FAIL() << "wrote into a folder that is not there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/at/all/file"), std::string::npos) << error.what();
  }
  EXPECT_THROW(read_file(testing::TempDir() + "/not-there"), Error);
  EXPECT_THROW(read_file(testing::TempDir()), Error);
  const fs::path big = fresh_folder("big") / "b";
  write_file(big, std::string_view("12345"));
  EXPECT_THROW(read_file(big, 4), Error);
}

// FIPS 180-2's examples.
TEST(Folders, AreMadeWithThoseAboveThem) {
  const fs::path folder = fresh_folder("folders");
  make_folder(folder / "a/b");
  make_folder(folder / "a/b");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  make_empty_folder(folder / "c/d");
  EXPECT_TRUE(fs::is_directory(folder / "c/d"));
  testing_errors::expect_error([&] { make_empty_folder(folder / "a"); }, {"folders/a", "not empty"});
  write_file(folder / "file", std::string_view("in the way"));
  testing_errors::expect_error([&] { make_folder(folder / "file/below"); }, {"cannot make", "file/below"});
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const fs::path file = fresh_folder("sha") / "f";
  write_file(file, std::string_view("abc"));
  EXPECT_EQ(sha256_file(file), sha256_hex("abc"));
}

TEST(JsonReader, NamesWhatIsWrong) {
  const auto message = [](const char* text, auto&& use) {
    const nlohmann::json json = parse_json(text, "test");
    try {
      JsonReader reader(json, "test");
      use(reader);
      reader.done();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(R"({"a":1})", [](JsonReader& r) { EXPECT_EQ(r.get<int>("a"), 1); }), "");
  EXPECT_NE(message(R"({"a":1,"b":2})", [](JsonReader& r) { r.get<int>("a"); }).find("unknown key 'b'"),
            std::string::npos);
  EXPECT_NE(message(R"({"a":"x"})", [](JsonReader& r) { r.get<int>("a"); }).find("wrong type"),
            std::string::npos);
  EXPECT_NE(message(R"({"a":9})", [](JsonReader& r) { r.in_range<int>("a", 0, 5, 1); }).find("outside 0..5"),
            std::string::npos);
  EXPECT_NE(message("[]", [](JsonReader&) {}).find("object"), std::string::npos);
  EXPECT_THROW(parse_json("{", "test"), Error);
}
