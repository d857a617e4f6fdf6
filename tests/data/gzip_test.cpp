#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <t2ue/data/text/gzip.hpp>

#include "data/clip_reference.hpp"
#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;
using namespace std::string_literals;

std::string packed() {
  return read_text(reference_path("clip_bpe/bpe_simple_vocab_16e6.txt.gz"));
}

TEST(Gzip, HoldsWhatWasPacked) {
  const std::string text = gunzip(packed(), 1 << 20);
  const std::string merges = read_text(reference_path("clip_bpe/merges.txt"));
  EXPECT_EQ(text.substr(text.find('\n')), merges.substr(merges.find('\n')));
  EXPECT_TRUE(is_gzip(packed()));
  EXPECT_FALSE(is_gzip(text));
  EXPECT_FALSE(is_gzip("\x1F"));
}

TEST(Gzip, MoreThanTheLimitIsRefused) {
  const size_t size = gunzip(packed(), 1 << 20).size();
  EXPECT_EQ(gunzip(packed(), size).size(), size);
  EXPECT_THAT(error_of([&] { gunzip(packed(), size - 1); }), HasSubstr("more than"));
}

TEST(Gzip, DamageIsSeen) {
  const auto error = [](const std::string& bytes) { return error_of([&] { gunzip(bytes, 1 << 20); }); };
  const std::string whole = packed();
  EXPECT_THAT(error(whole.substr(0, 400)), HasSubstr("cut off"));
  EXPECT_THAT(error(whole.substr(0, whole.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(error(""), HasSubstr("cut off"));
  EXPECT_THAT(error(whole + "x"), HasSubstr("1 bytes follow"));
  EXPECT_THAT(error("no gzip at all"), HasSubstr("damaged"));
  for (const size_t back : {1u, 5u}) {  // the length, and the checksum
    std::string changed = whole;
    changed[changed.size() - back] ^= 1;
    EXPECT_THAT(error(changed), HasSubstr("damaged"));
  }
}

}  // namespace
