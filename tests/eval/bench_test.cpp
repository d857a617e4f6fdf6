// The benchmark runner: plans, cells, claims, tables.
#include <errors.hpp>
#include <fstream>

#include "eval/bench_fixture.hpp"

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/eval/bench/summary.hpp>

namespace t2ue {
namespace {

using testing::HasSubstr;
using namespace testing_bench;

TEST(BenchPlan, MistakesAreToldByTheirPlace) {
  const json good = plan_json("image-text");
  EXPECT_EQ(plan_error(good), "no error");
  const auto with = [&](const std::string& pointer, const json& value) {
    json changed = good;
    changed[json::json_pointer(pointer)] = value;
    return plan_error(changed);
  };
  EXPECT_EQ(with("/task", "video"), "task");
  EXPECT_EQ(with("/data/size", 3), "data");
  EXPECT_EQ(with("/data/colour", 3), "data");
  EXPECT_EQ(with("/victims/0/recipe/epoch", 3), "victims[0].recipe");
  EXPECT_EQ(with("/victims/0/recipe/seed", 3), "victims[0].recipe");
  EXPECT_EQ(with("/victims/0/recipe", "papers"), "victims[0].recipe");
  EXPECT_EQ(with("/victims/0/recipe", "paper"), "no error");
  EXPECT_EQ(with("/victims/0/recipe", {{"base", "paper"}, {"epochs", 0}}), "victims[0].recipe");
  EXPECT_EQ(with("/victims/0/mode", "frozen"), "victims[0].mode");
  EXPECT_EQ(with("/victims/0/mode", "probe"), "victims[0].start") << "of what?";
  EXPECT_EQ(with("/victims/0/start", "c.safetensors"), "victims[0].start") << "only classifiers";
  EXPECT_EQ(with("/victims/0/model", "resnet"), "victims[0].model");
  EXPECT_EQ(with("/methods/1/method", "magic"), "methods[1]");
  EXPECT_EQ(with("/methods/1/method", "ar"), "methods[1]") << "a method for classes";
  EXPECT_EQ(with("/methods/1/options", {{"strength", 3}}), "methods[1]");
  EXPECT_EQ(with("/methods/1/options", {{"seed", 3}}), "methods[1]");
  EXPECT_EQ(with("/methods/1/eps", 300), "methods[1].eps");
  EXPECT_EQ(with("/methods/0/eps", 8), "methods[0]");
  EXPECT_EQ(with("/methods/1", {{"method", "clean"}}), "methods[1]") << "twice";
  EXPECT_EQ(with("/methods/1", {{"method", "shuffled"}, {"of", "clean"}}), "methods[1].of");
  EXPECT_EQ(with("/defences", {"none", "prayer"}), "defences[1]");
  EXPECT_EQ(with("/defences", {"mixup"}), "defences[0]") << "mixup needs classes";
  EXPECT_EQ(with("/defences", {"none", "projection"}), "defences[1]") << "so does projection";
  EXPECT_EQ(with("/defences", {"auto-augment", "ueraser"}), "no error");
  EXPECT_EQ(with("/defences", {"none", "recaption"}), "defences[1]") << "by what?";
  EXPECT_EQ(with("/ratios", {1.0, 1.5}), "ratios[1]");
  EXPECT_EQ(with("/seeds", {1, 1}), "seeds[1]");
  const json figure{{"row", "clean"}, {"scores", {{"Hit@10 I2T", 17.7}}}};
  EXPECT_EQ(with("/published", {figure}), "plan") << "of whom? 'published_in' is missing";
  const auto published = [&](const std::string& key, const json& value) {
    json changed = good;
    changed["published_in"] = "Table 2";
    changed["published"] = {figure};
    changed["published"][0][key] = value;
    return plan_error(changed);
  };
  EXPECT_EQ(published("row", "clean"), "no error");
  EXPECT_EQ(published("row", "EM"), "published[0].row");
  EXPECT_EQ(published("victim", "w"), "published[0].victim");
  EXPECT_EQ(published("defence", "gray"), "published[0].defence");
  EXPECT_EQ(published("ratio", 0.5), "published[0].ratio");
  EXPECT_EQ(published("eps", 0), "published[0].eps");
  EXPECT_EQ(published("scores", {{"top-1", 90.3}}), "published[0].scores.top-1");
}

TEST_F(BenchTest, PublishedFiguresStandBesideOurs) {
  json given = plan_json("image-text");
  given["methods"][1]["eps"] = {8, 16};
  given["published_in"] = "Table 2";
  given["published"] = {{{"row", "clean"}, {"victim", "v"}, {"scores", {{"Hit@10 I2T", 17.7}}}},
                        {{"row", "random_sign"}, {"eps", 16}, {"scores", {{"Hit@10 I2T", 3.25}}}}};
  const std::vector<CellResult> results = run(given);
  const std::vector<BenchTable> tables = tables_of(*runner, results);
  const TextTable table = summary_table(runner->plan(), tables[0]);
  ASSERT_EQ(table.columns[6].name, "published") << "beside Hit@10 I2T";
  EXPECT_EQ(table.rows[0][6], "17.7");
  EXPECT_EQ(table.rows[1][6], "-") << "published for another eps";
  EXPECT_EQ(table.rows[2][6], "3.2");
  EXPECT_THAT(table.notes, testing::Contains(HasSubstr("Table 2")));
  // They are no part of a cell's key.
  given.erase("published");
  given.erase("published_in");
  int begun = 0;
  BenchOptions options;
  options.begin_cell = [&](const std::string&, size_t, size_t) { ++begun; };
  run(given, "out", options);
  EXPECT_EQ(begun, 0);
}

TEST_F(BenchTest, OnlyTheFirstClasses) {
  json given = plan_json("classes");
  given["data"]["classes"] = 2;
  const std::vector<CellResult> results = run(given);
  EXPECT_EQ(results[0].result.at("pictures"), 16);
  EXPECT_EQ(runner->data().train().label_names.size(), 2u);
  EXPECT_EQ(runner->metrics()[0].chance, 50);
  given["data"]["classes"] = 5;
  testing_errors::expect_error([&] { run(given, "other"); }, {"4 classes", "first 5"});
}

TEST_F(BenchTest, MakesEveryCellOnceAndGoesOn) {
  json given = plan_json("image-text");
  given["seeds"] = {1, 2};
  given["methods"].push_back({{"method", "shuffled"}, {"of", "random_sign"}});
  given["methods"].push_back({{"method", "caption_cluster"}, {"options", {{"clusters", 3}, {"grid", 2}}}});
  int begun = 0;
  BenchOptions options;
  options.begin_cell = [&](const std::string&, size_t, size_t) { ++begun; };
  const std::vector<CellResult> first = run(given, "out", options);
  ASSERT_EQ(first.size(), 8u);
  EXPECT_EQ(begun, 8);
  for (const CellResult& cell : first) {
    ASSERT_TRUE(cell.done()) << cell.result.dump();
    if (cell.result.at("row") == "clean") continue;
    EXPECT_EQ(cell.result.at("measured").at("linf"), 8);
    EXPECT_EQ(cell.result.at("measured").at("unchanged"), 0);
    EXPECT_FALSE(cell.result.at("measured").contains("separability")) << "captions are no classes";
  }
  EXPECT_EQ(first[2].result.at("measured").at("distinct_deltas"), 32);
  EXPECT_EQ(first[6].result.at("measured").at("distinct_deltas"), 3);

  // A cell that is missing is made anew, with the same figures; the others are left alone.
  const std::string key = first[3].result.at("key");
  fs::remove(root / "out" / "cells" / (key + ".json"));
  begun = 0;
  const std::vector<CellResult> again = run(given, "out", options);
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(again[3].result.at("scores"), first[3].result.at("scores"));

  // Another seed list keeps what it shares.
  given["seeds"] = {2, 3};
  begun = 0;
  run(given, "out", options);
  EXPECT_EQ(begun, 4);
}

TEST_F(BenchTest, RowsAreCalledAsThePlanCallsThemNow) {
  json given = plan_json("image-text");
  run(given);
  given["methods"][1]["label"] = "signs";
  int begun = 0;
  BenchOptions options;
  options.begin_cell = [&](const std::string&, size_t, size_t) { ++begun; };
  const std::vector<CellResult> results = run(given, "out", options);
  EXPECT_EQ(begun, 0);
  EXPECT_EQ(results[1].result.at("row"), "signs");
  const TextTable details = detail_table(tables_of(*runner, results)[0]);
  EXPECT_EQ(details.rows[1][0], "signs");
  EXPECT_THAT(details.rows[1], testing::Contains("32")) << "distinct noises: its costs were found";
}

TEST_F(BenchTest, KilledProtectionIsMadeAnew) {
  const json given = plan_json("image-text");
  const std::vector<CellResult> whole = run(given, "whole");
  fs::copy(root / "whole", root / "out", fs::copy_options::recursive);
  // As a process leaves it that dies between the pictures and the file that says that they are all there.
  for (const auto& entry : fs::directory_iterator(root / "out"))
    if (entry.path().filename().string().starts_with("protected-")) {
      fs::remove(entry.path() / "protection.json");
      fs::remove(entry.path() / "published" / "pairs.jsonl");
    }
  fs::remove_all(root / "out" / "cells");
  const std::vector<CellResult> again = run(given, "out");
  for (size_t i = 0; i < whole.size(); ++i)
    EXPECT_EQ(again[i].result.at("scores"), whole[i].result.at("scores"));
}

TEST_F(BenchTest, FailedCellIsKeptWithItsReasonAndOthersGoOn) {
  json given = plan_json("image-text");
  given["methods"][1] = {{"method", "t2ue"}, {"options", {{"generator_file", "nowhere.safetensors"}}}};
  given["methods"].push_back({{"method", "uniform"}});
  const std::vector<CellResult> results = run(given);
  EXPECT_TRUE(results[0].done());
  EXPECT_FALSE(results[1].done());
  EXPECT_THAT(results[1].result.at("reason").get<std::string>(), HasSubstr("nowhere.safetensors"));
  EXPECT_TRUE(results[2].done());
  const std::string text = write_summary(*runner, results, root / "out");
  EXPECT_THAT(text, HasSubstr("FAILED: t2ue"));
  int begun = 0;
  BenchOptions options;
  options.begin_cell = [&](const std::string&, size_t, size_t) { ++begun; };
  run(given, "out", options);
  EXPECT_EQ(begun, 0);
  options.retry_failed = true;
  run(given, "out", options);
  EXPECT_EQ(begun, 1);
}

TEST_F(BenchTest, FolderOfSomethingElseIsRefused) {
  write_file(root / "letter.txt", std::string_view("dear"));
  testing_errors::expect_error([&] { BenchStore store(root); }, {"not a folder of"});
}

TEST_F(BenchTest, ClaimsAreExclusiveAndEndWithTheirHolder) {
  BenchStore one(root / "store"), other(root / "store");
  {
    const Claim claim = one.claim("key");
    EXPECT_FALSE(other.try_claim("key"));
    EXPECT_TRUE(other.try_claim("another"));
  }
  EXPECT_TRUE(other.try_claim("key"));
}

TEST(WeakClean, IsToldByHeadlineAgainstChance) {
  const auto table = [](double clean) {
    ResultsTable results("t", {{"Hit@10", 1.0, 1, true, true}});
    ResultRow row;
    row.name = "clean", row.kind = RowKind::clean;
    row.scores = {{clean, clean, clean, {}}};
    results.add(row);
    return results;
  };
  EXPECT_TRUE(weak_clean(table(4.9), LearningTask::image_text));
  EXPECT_FALSE(weak_clean(table(5.1), LearningTask::image_text));
  EXPECT_TRUE(weak_clean(table(25.0), LearningTask::classes));
  EXPECT_FALSE(weak_clean(table(27.0), LearningTask::classes));
}

}  // namespace
}  // namespace t2ue
