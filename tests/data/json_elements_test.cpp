// Caption files of any size: memory must not grow with them.
#include <sys/resource.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <streambuf>

#include <t2ue/data/records/json_elements.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;

/// `head`, then `times` times `middle`, then `tail`; never in memory as a whole.
class Repeated : public std::streambuf {
 public:
  Repeated(std::string head, std::string middle, int64_t times, std::string tail)
      : now_(std::move(head)), middle_(std::move(middle)), tail_(std::move(tail)), left_(times) {
    setg(now_.data(), now_.data(), now_.data() + now_.size());
  }

 private:
  int_type underflow() override {
    if (left_ < 0) return traits_type::eof();
    now_ = left_ > 0 ? middle_ : tail_;
    --left_;
    setg(now_.data(), now_.data(), now_.data() + now_.size());
    return now_.empty() ? traits_type::eof() : traits_type::to_int_type(now_.front());
  }
  std::string now_, middle_, tail_;
  int64_t left_;
};

int64_t peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Reads the list "images" of it; returns how many elements there were.
size_t elements_of(std::streambuf& text) {
  std::istream stream(&text);
  size_t count = 0;
  read_json_elements(stream, "F", {"images"},
                     [&](const std::string&, size_t, const nlohmann::json&) { ++count; });
  return count;
}

TEST(JsonElements, MemoryDoesNotGrowWithTheFile) {
  const int64_t before = peak_kilobytes();
  std::string thousand;
  for (int i = 0; i < 1000; ++i) thousand += R"({"id": 1, "file_name": "a.jpg", "segmentation": [[1, 2]]},)";
  Repeated wanted("{\"images\": [", thousand, 1000, "{}]}");  // 57 MB
  EXPECT_EQ(elements_of(wanted), 1'000'001u);
  Repeated unwanted("{\"others\": [", thousand, 1000, "{}], \"images\": [{}]}");
  EXPECT_EQ(elements_of(unwanted), 1u);
#if defined(__SANITIZE_ADDRESS__)
  constexpr int64_t most = 512 << 10;  // what was freed is kept for a while
#else
  constexpr int64_t most = 32 << 10;
#endif
  EXPECT_LT(peak_kilobytes() - before, most);
}

TEST(JsonElements, WhatWouldFillMemoryIsRefused) {
  const int64_t before = peak_kilobytes();
  const std::string block(1 << 20, 'x');
  // 2 GiB as one text, in an element and beside the lists.
  Repeated element("{\"images\": [{\"id\": \"", block, 2048, "\"}]}");
  expect_error([&] { elements_of(element); }, {"F: an entry", "8 MiB"});
  Repeated beside("{\"others\": \"", block, 2048, "\", \"images\": []}");
  expect_error([&] { elements_of(beside); }, {"F: an entry", "8 MiB"});
  std::string ones;
  while (ones.size() < block.size()) ones += "1,";
  Repeated numbers("{\"images\": [{\"id\": [", ones, 2048, "1]}]}");
  expect_error([&] { elements_of(numbers); }, {"F: an entry", "8 MiB"});
  Repeated deep("{\"others\": ", std::string(1 << 20, '['), 2048, "");
  expect_error([&] { elements_of(deep); }, {"F: \"others\"", "100 deep"});
  Repeated digits("{\"images\": [{\"id\": ", std::string(1 << 20, '1'), 1, "}]}");
  EXPECT_LT(error_of([&] { elements_of(digits); }).size(), 500u) << "the number is quoted in part";
  EXPECT_LT(peak_kilobytes() - before, 512 << 10);
}

TEST(JsonElements, ASparseFileOfGigabytesEndsAtItsHole) {
  const auto file = fresh_folder() / "captions_train.json";
  put(file, "{\"images\": [");
  std::filesystem::resize_file(file, uint64_t{3} << 30);
  expect_error([&] { open_dataset(file); }, {"captions_train.json is not valid JSON"});
}

}  // namespace
