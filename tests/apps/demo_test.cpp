// `t2ue demo` says what it does where stderr is no terminal, and waiting threads sleep unless told otherwise.
#include <sstream>

#include "apps/packages.hpp"
#include "apps/program.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Demo, SaysWhenEachPartStartsAndHowItEnds) {
  const auto folder = testing_data::fresh_folder(), packages = folder / "packages";
  imitate_packages(packages);
  const Ended ended =
      program({"demo", "--quick", "--packages", packages, "--out", folder / "demo", "--device", "cpu"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "demo/report.html"));

  const Words parts{"pictures",
                    "image-text, clean",
                    "image-text, generator eps 8",
                    "image-text, random sign eps 8",
                    "image-text, shuffled T2UE eps 8",
                    "image-text, T2UE eps 8",
                    "class-wise, clean",
                    "class-wise, generator eps 8",
                    "class-wise, random sign eps 8",
                    "class-wise, shuffled T2UE eps 8",
                    "class-wise, T2UE eps 8"};
  std::istringstream lines(ended.err);
  std::string line;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string head = concat("[", i + 1, "/", parts.size(), "] ", parts[i], ": ");
    ASSERT_TRUE(std::getline(lines, line)) << ended.err;
    EXPECT_THAT(line, StartsWith(head));  // what it is about to do
    ASSERT_TRUE(std::getline(lines, line)) << ended.err;
    EXPECT_THAT(line, StartsWith(head));  // the result and the time
    EXPECT_THAT(line, HasSubstr(" s)"));
    if (parts[i] == "image-text, clean") {
      EXPECT_THAT(line, HasSubstr("Hit@10"));
    }
    if (parts[i] == "class-wise, T2UE eps 8") {
      EXPECT_THAT(line, HasSubstr("top-1"));
    }
  }
  EXPECT_FALSE(std::getline(lines, line)) << "one line too many: " << line;
}

/// What libgomp says of its settings at every start of the program.
std::string openmp_settings(const Words& environment) {
  const Ended ended = run(Words{"env", "-u", "OMP_WAIT_POLICY", "-u", "GOMP_SPINCOUNT"} + environment +
                          Words{"OMP_DISPLAY_ENV=verbose", T2UE_PROGRAM, "version"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  return ended.err;
}

/// How often `part` is in `text`.
int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Threads, SleepWhileTheyWaitUnlessTheUserSaysOtherwise) {
  const std::string by_itself = openmp_settings({});
  if (by_itself.find("GOMP_SPINCOUNT") == std::string::npos) GTEST_SKIP() << "this OpenMP is not libgomp";
  // Settings are those of the last start.
  EXPECT_THAT(by_itself.substr(by_itself.rfind("GOMP_SPINCOUNT")), StartsWith("GOMP_SPINCOUNT = '0'"));
  const std::string asked = openmp_settings({"OMP_WAIT_POLICY=active"});
  EXPECT_THAT(asked, HasSubstr("OMP_WAIT_POLICY = 'ACTIVE'"));
  EXPECT_EQ(count_of(asked, "DISPLAY ENVIRONMENT BEGIN"), 1) << "no second start";
  const std::string counted = openmp_settings({"GOMP_SPINCOUNT=1234"});
  EXPECT_THAT(counted, HasSubstr("GOMP_SPINCOUNT = '1234'"));
  EXPECT_EQ(count_of(counted, "DISPLAY ENVIRONMENT BEGIN"), 1);
}

}  // namespace
