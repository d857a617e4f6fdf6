// `t2ue bench`: plans from TOML, mistakes by line, processes that share a folder, kill -9.
#include "apps/program.hpp"

#include <map>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::AllOf;
using testing::HasSubstr;
using testing_data::fresh_folder;
namespace fs = std::filesystem;

const char* const plan_text = R"(title = "tiny"
task = "image-text"
seeds = [1, 2]

[data]
train = "pictures"
test = "others"
validation_share = 0.25
size = 8

[[victims]]
name = "v"
recipe = { epochs = 1, batch = 8 }
[victims.model]
embed_dim = 16
vision_cfg = { image_size = 8, widths = [8], blocks = [1] }
text_cfg = { context_length = 8, vocab_size = 280, width = 16, heads = 2, layers = 1 }

[[methods]]
method = "clean"

[[methods]]
method = "random_sign"
eps = [4, 8]
)";

/// A folder with the plan, changed by replacing one text by another.
fs::path plan_in(const fs::path& folder, const std::string& from = "", const std::string& to = "") {
  std::string text = plan_text;
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  write_file(folder / "plan.toml", std::string_view(text));
  return folder / "plan.toml";
}

Words bench(const fs::path& plan, const fs::path& out) {
  const fs::path others = Workshop::get().folder / "others";
  if (!fs::exists(others)) Workshop::write_labelled(others, 1);
  return {"bench", plan, "--data", Workshop::get().folder, "--out", out, "--threads", "1", "--json"};
}

/// The scores of every cell by its key.
std::map<std::string, nlohmann::json> scores_of(const fs::path& out) {
  std::map<std::string, nlohmann::json> scores;
  for (const auto& entry : fs::directory_iterator(out / "cells")) {
    const auto cell = nlohmann::json::parse(read_text(entry.path()));
    EXPECT_EQ(cell.at("status"), "done") << cell.dump();
    scores[cell.at("key")] = cell.at("scores");
  }
  return scores;
}

TEST(Bench, WritesItsTables) {
  const auto folder = fresh_folder();
  const Ended ended = program(bench(plan_in(folder), folder / "out"));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("cells"), 6);
  EXPECT_EQ(ended.json().at("failed"), 0);
  EXPECT_THAT(read_text(folder / "out/results.md"), AllOf(HasSubstr("random_sign"), HasSubstr("chance")));
  EXPECT_THAT(read_text(folder / "out/report.html"), HasSubstr("</html>"));
}

TEST(Bench, MistakesOfThePlanAreToldByLineBeforeAnythingIsMade) {
  const auto folder = fresh_folder();
  const auto error = [&](const std::string& from, const std::string& to) {
    const Ended ended = program(bench(plan_in(folder, from, to), folder / "out"));
    EXPECT_EQ(ended.code, 2) << to;
    return ended.err;
  };
  EXPECT_THAT(error("\"random_sign\"", "\"magic\""), AllOf(HasSubstr("line 22"), HasSubstr("magic")));
  EXPECT_THAT(error("epochs = 1", "epoch = 1"), AllOf(HasSubstr("line 13"), HasSubstr("epoch")));
  EXPECT_THAT(error("eps = [4, 8]", "eps = [4, 800]"), AllOf(HasSubstr("line 24"), HasSubstr("800")));
  EXPECT_THAT(error("size = 8\n", "size = \n"), HasSubstr("line 9"));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(Bench, AFolderThatCannotBeMadeIsToldBeforeAnyTraining) {
  const auto folder = fresh_folder();
  write_file(folder / "file", std::string_view("in the way"));
  const Words words{"--store", folder / "cells"};
  const Ended ended = program(bench(plan_in(folder), folder / "file/out") + words);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("cannot make the folder"), HasSubstr("file/out")));
  EXPECT_TRUE(fs::is_empty(folder / "cells/cells"));
}

TEST(Bench, ProcessesShareAFolderAndEndWithWhatOneWouldMake) {
  const auto folder = fresh_folder();
  const auto plan = plan_in(folder);
  ASSERT_EQ(program(bench(plan, folder / "alone")).code, 0);
  std::vector<std::thread> others;
  std::vector<int> codes(3, -1);
  for (size_t i = 0; i < codes.size(); ++i)
    others.emplace_back([&, i] {
      // Output goes nowhere: the children of one test share the files that run() reads.
      std::string command = T2UE_PROGRAM;
      for (const std::string& word : bench(plan, folder / "shared")) command += " '" + word + "'";
      codes[i] = std::system((command + " >/dev/null 2>&1").c_str());
    });
  for (std::thread& other : others) other.join();
  EXPECT_EQ(codes, std::vector<int>(3, 0));
  EXPECT_EQ(scores_of(folder / "shared"), scores_of(folder / "alone"));
}

TEST(Bench, KilledRunsGoOn) {
  const auto folder = fresh_folder();
  const auto plan = plan_in(folder);
  ASSERT_EQ(program(bench(plan, folder / "alone")).code, 0);
  int killed = 0;
  for (int i = 0; i < 12; ++i)
    killed += program(bench(plan, folder / "killed"), 0.02 + 0.013 * i).code == -1 ? 1 : 0;
  EXPECT_GT(killed, 0);
  ASSERT_EQ(program(bench(plan, folder / "killed")).code, 0);
  EXPECT_EQ(scores_of(folder / "killed"), scores_of(folder / "alone"));
}

}  // namespace
