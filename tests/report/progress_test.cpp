#include "../../apps/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <sstream>
#include <t2ue/core/error.hpp>

namespace {

using namespace t2ue;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

TEST(ProgressLine, SaysHowFarHowFastHowLong) {
  ProgressLine line("train clip", 200, "steps");
  EXPECT_EQ(line.update(0, 0, 0), "train clip  [--------------------]  0 %  0/200 steps");
  EXPECT_EQ(line.update(50, 2, 0.5),
            "train clip  [#####---------------]  25 %  50/200 steps  25.0/s  6.0 s left  data 25 %");
  EXPECT_EQ(line.update(200, 8, 2),
            "train clip  [####################]  100 %  200/200 steps  25.0/s  8.0 s  data 25 %");
}

TEST(ProgressLine, RateForgetsTheDistantPast) {
  ProgressLine line("x", 100000, "items");
  int64_t done = 0;
  double now = 0;
  for (; now < 60; now += 1) line.update(done += 100, now + 1, 0);
  EXPECT_NEAR(line.rate(), 100, 1e-6);
  for (; now < 120; now += 1) line.update(done += 10, now + 1, 0);
  EXPECT_NEAR(line.rate(), 10, 0.5);
}

TEST(ProgressLine, ResumedWorkIsNotCountedAsSpeed) {
  ProgressLine line("x", 1000, "items", 900);
  line.update(910, 10, 0);
  EXPECT_NEAR(line.rate(), 1, 1e-9);
}

TEST(ProgressLine, UnknownTotalHasNoBar) {
  ProgressLine line("read", 0, "pictures");
  const std::string text = line.update(500, 10, 20);
  EXPECT_EQ(text, "read  500 pictures  50.0/s  data 100 %");
}

TEST(ProgressLine, RefusesNonsense) {
  ProgressLine line("x", 10, "items");
  line.update(5, 1, 0);
  EXPECT_THROW(line.update(4, 2, 0), Error);
  EXPECT_THROW(line.update(11, 2, 0), Error);
  EXPECT_THROW(line.update(6, 0.5, 0), Error);
  EXPECT_THROW(line.update(6, 2, -1), Error);
  EXPECT_THROW(line.update(6, std::numeric_limits<double>::quiet_NaN(), 0), Error);
  EXPECT_THROW(ProgressLine("x", 10, "items", 11), Error);
  EXPECT_THROW(ProgressLine("x", -1, "items"), Error);
}

TEST(ProgressBar, LinesComeEveryFiveSecondsAndAtTheEnd) {
  std::ostringstream out;
  const auto start = apps::ProgressBar::Clock::now();
  {
    apps::ProgressBar bar({"x", 100, "items"}, apps::ProgressStyle::lines, out, start);
    for (int i = 0; i <= 100; ++i) bar.update(i, 0, start + milliseconds(100 * i));
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);  // at 0, 5 and 10 seconds
  EXPECT_THAT(text, HasSubstr("100/100"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(ProgressBar, LastUpdateIsShownEvenWhenTooSoon) {
  std::ostringstream out;
  const auto start = apps::ProgressBar::Clock::now();
  apps::ProgressBar bar({"x", 2, "items"}, apps::ProgressStyle::terminal, out, start);
  bar.update(1, 0, start + milliseconds(1));
  bar.update(2, 0, start + milliseconds(2));
  EXPECT_THAT(out.str(), Not(HasSubstr("2/2")));
  bar.finish();
  bar.finish();
  EXPECT_THAT(out.str(), HasSubstr("\rx  [####################]  100 %  2/2 items"));
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(ProgressBar, SilentWritesNothing) {
  std::ostringstream out;
  {
    apps::ProgressBar bar({"x", 2, "items"}, apps::ProgressStyle::silent, out);
    bar.update(2, 0);
  }
  EXPECT_TRUE(out.str().empty());
}

}  // namespace
