// What concat() writes is in file names, hashes and messages: an ostream, which wrote it first, is the
// reference.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>
#include <locale>
#include <sstream>

#include <t2ue/core/device.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/shape.hpp>

namespace t2ue {
namespace {

template <class... Parts>
std::string streamed(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class T>
class ConcatInteger : public testing::Test {};
using Integers = testing::Types<bool, char, signed char, unsigned char, short, unsigned short, int, unsigned,
                                long, unsigned long, long long, unsigned long long>;
TYPED_TEST_SUITE(ConcatInteger, Integers);

TYPED_TEST(ConcatInteger, IsAsStreamed) {
  using Limits = std::numeric_limits<TypeParam>;
  for (const TypeParam value :
       {Limits::min(), static_cast<TypeParam>(Limits::min() + 1), TypeParam{0}, TypeParam{1},
        static_cast<TypeParam>(65), static_cast<TypeParam>(Limits::max() - 1), Limits::max()})
    EXPECT_EQ(concat(value), streamed(value));
}

TEST(Concat, WritesNumbersAsAStream) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0.1,
                             1.0 / 3,
                             2.0 / 3,
                             8.0 / 255,
                             0.5,
                             1.5,
                             2.5,
                             100.0,
                             99999.5,
                             999999.0,
                             999999.5,
                             999999.4999,
                             1e5,
                             1e6,
                             1234567.0,
                             1e15,
                             1e16,
                             1e17,
                             1e100,
                             0.0001,
                             0.00001,
                             0.000123456789,
                             9.99999e-5,
                             9.999995e-5,
                             1e-100,
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::min(),
                             std::numeric_limits<double>::denorm_min(),
                             infinity,
                             -infinity,
                             nan,
                             std::copysign(nan, -1.0)}) {
    EXPECT_EQ(concat(value), streamed(value));
    EXPECT_EQ(concat(static_cast<float>(value)), streamed(static_cast<float>(value)));
  }
}

TEST(Concat, WritesNumbersOfAnyBitsAsAStream) {
  Random random(1, Purpose::sign_noise, 0);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t bits = random.bits();
    const auto value = std::bit_cast<double>(uint64_t{bits} << 32 | random.bits());
    ASSERT_EQ(concat(value), streamed(value)) << i;
    const auto narrow = std::bit_cast<float>(bits);
    ASSERT_EQ(concat(narrow), streamed(narrow)) << i;
    // What a program has: few digits, and halves that are rounded.
    const double decimal = static_cast<double>(bits % 20'000'001) / 10;
    ASSERT_EQ(concat(decimal), streamed(decimal)) << i;
  }
}

TEST(Concat, WritesTextsAsAStream) {
  enum Plain { first, seventh = 7 };
  const std::string text("with a \0 inside", 15);
  const std::string_view view = std::string_view(text).substr(2, 9);
  char array[8] = "abc";
  EXPECT_EQ(concat(text, view, "literal", array, '\n', ' ', seventh, first, true),
            streamed(text, view, "literal", array, '\n', ' ', seventh, first, true));
  EXPECT_EQ(concat("{} {0} %s ", "}{"), "{} {0} %s }{");
  EXPECT_EQ(concat(""), "");
  EXPECT_EQ(concat(), "");
}

TEST(Concat, QuotesPathsAsAStream) {
  for (const char* path :
       {"", "a/b.png", "two words/x", "a \"quoted\" name", "back\\slash", "\xc3\xa9t\xc3\xa9"})
    EXPECT_EQ(concat("in ", std::filesystem::path(path), ": "),
              streamed("in ", std::filesystem::path(path), ": "));
}

TEST(Concat, AsksTypesOfOursForTheirText) {
  EXPECT_EQ(concat(Shape{2, 3}, " on ", Device{}), "[2,3] on cpu");
  EXPECT_EQ(streamed(Shape{2, 3}), "[2,3]");
}

TEST(Concat, KnowsNoLocale) {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  EXPECT_EQ(concat(1234567, " ", 0.5), "1234567 0.5");
  std::locale::global(before);
}

/// A value whose text is only wanted in an error.
struct Costly {
  int* asked;
  std::string text() const {
    ++*asked;
    return "costly";
  }
};

TEST(Error, SaysWhereAndWhat) {
  int asked = 0;
  const Costly costly{&asked};
  check(true, "here", "never written ", costly);
  EXPECT_EQ(asked, 0);
  try {
    check(false, "here", "a ", costly, " value, ", 0.25);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[here] a costly value, 0.25");
  }
  EXPECT_EQ(asked, 1);
  EXPECT_THROW(fail("here"), Error);
}

}  // namespace
}  // namespace t2ue
