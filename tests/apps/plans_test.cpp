// The plans of benchmarks/plans: every one is a good plan, and the reduced ones run, in a still smaller form
// on made-up pictures.
#include "apps/program.hpp"

#include <t2ue/core/rng.hpp>
#include <t2ue/data/text/captions.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing_data::fresh_folder;
namespace fs = std::filesystem;

std::vector<std::string> plans(const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(T2UE_SOURCE_DIR) / "benchmarks/plans")) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".toml" && name.ends_with(ending)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string plan_file(const std::string& name) {
  return (fs::path(T2UE_SOURCE_DIR) / "benchmarks/plans" / (name + ".toml")).string();
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// As `t2ue data emoji` makes them: `count` pictures with a caption of the words of their class and their
/// own.
void write_captioned(const fs::path& folder, int count, uint64_t seed, bool names_only = false) {
  const std::vector<std::string> words{"face", "hand", "animal", "plant", "food", "place", "game", "tool"};
  PairsFolderWriter writer(folder);
  for (int i = 0; i < count; ++i) {
    const std::string key = concat("e", i), kind = words[static_cast<size_t>(i) % words.size()];
    const std::string name = concat("number ", i, " ", kind);
    writer.add({key, key + ".png", {names_only ? name : concat(name, " ", kind, " small ", i % 5)}, kind},
               encode_png(testing_data::random_image(32, 32, 3, 1000 * seed + static_cast<uint64_t>(i))));
  }
  writer.commit();
}

/// CIFAR-100's binary form: `count` random pictures of the first ten classes in turn.
void write_cifar(const fs::path& file, int count, uint64_t seed) {
  Random random(seed, Purpose::test);
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    bytes += {static_cast<char>(i % 10 / 2), static_cast<char>(i % 10)};
    for (int p = 0; p < 3 * 32 * 32; ++p)
      bytes += static_cast<char>(20 * (i % 10) + static_cast<int>(random.below(50)));
  }
  write_file(file, bytes);
}

/// Everything that the reduced plans read.
fs::path made_up_data() {
  fs::path folder = fresh_folder();
  write_captioned(folder / "google", 80, 1);
  write_captioned(folder / "google-names", 80, 1, true);
  write_captioned(folder / "twitter", 40, 2);
  fs::create_directories(folder / "cifar-100-binary");
  write_cifar(folder / "cifar-100-binary/train.bin", 120, 1);
  write_cifar(folder / "cifar-100-binary/test.bin", 40, 2);
  return folder;
}

struct Plan : testing::TestWithParam<std::string> {};

TEST_P(Plan, IsAGoodOne) {
  const auto folder = fresh_folder();
  const Ended ended = program({"bench", plan_file(GetParam()), "--out", folder / "out", "--check", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_GE(ended.json().at("cells"), 2);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, Plan, testing::ValuesIn(plans("")), test_name);

struct ReducedPlan : testing::TestWithParam<std::string> {};

TEST_P(ReducedPlan, EveryCellOfItRuns) {
  const auto folder = made_up_data();
  const Ended ended = program({"bench", plan_file(GetParam()), "--data", folder, "--out", folder / "tables",
                               "--store", folder / "cells", "--quick", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_EQ(ended.json().at("failed"), 0);
  EXPECT_THAT(read_text(folder / "tables/report.html"), testing::HasSubstr("quick: these are no results"));
  EXPECT_TRUE(fs::exists(folder / "cells/cells"));
  EXPECT_FALSE(fs::exists(folder / "tables/cells"));
}

INSTANTIATE_TEST_SUITE_P(Benchmarks, ReducedPlan, testing::ValuesIn(plans("-reduced")), test_name);

}  // namespace
