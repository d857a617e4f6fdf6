// The benchmark runner on 32 pictures of 8x8: plans, cells, claims, tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <errors.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "eval/bench_pictures.hpp"

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/eval/bench/adaptive.hpp>
#include <t2ue/eval/bench/rows.hpp>
#include <t2ue/eval/bench/summary.hpp>

namespace t2ue {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// Pictures of the colour of their class, with two captions each.
void write_coloured(const fs::path& folder, int count, uint64_t seed) {
  testing_bench::write_pictures(
      folder, count, seed,
      [](uint32_t label, uint32_t p, Random& random) {
        return 20 + 50 * label + 10 * (p % 3) + random.below(30);
      },
      [](const std::string& word, int i) {
        return std::vector<std::string>{"a " + word, concat("the ", word, " ", i)};
      });
}

json plan_json(const std::string& task) {
  return testing_bench::tiny_plan(task == "classes", {{"epochs", 2}, {"batch", 8}});
}

struct BenchTest : testing::Test {
  fs::path root = fs::path(testing::TempDir()) /
                  concat("bench_", testing::UnitTest::GetInstance()->current_test_info()->name());
  BenchTest() {
    fs::remove_all(root);
    fs::create_directories(root);
    write_coloured(root / "train", 32, 1);
    write_coloured(root / "test", 32, 2);
  }
  ~BenchTest() override { fs::remove_all(root); }

  BenchPlan plan(const json& given) const { return bench_plan_from_json(given, check_row); }
  std::vector<CellResult> run(const json& given, const std::string& out = "out", BenchOptions options = {}) {
    runner.emplace(plan(given), root, root / out, std::move(options));
    return runner->run();
  }
  /// The folder that run() used.
  BenchStore* store() {
    if (!store_) store_ = std::make_unique<BenchStore>(root / "out");
    return store_.get();
  }
  std::optional<BenchRunner> runner;
  std::unique_ptr<BenchStore> store_;
};

std::string plan_error(const json& given) {
  try {
    bench_plan_from_json(given, check_row);
  } catch (const PlanError& error) {
    return error.path;
  }
  return "no error";
}

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
  EXPECT_EQ(published("eps", 0), "published[0]");
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

TEST_F(BenchTest, ClassesWithTransformsDefencesAndRatios) {
  json given = plan_json("classes");
  given["methods"] = {{{"method", "clean"}},
                      {{"method", "class_random"}, {"eps", {4, 8}}},
                      {{"method", "ops"}},
                      {{"method", "class_filter"}}};
  given["defences"] = {"none", "gray"};
  given["ratios"] = {1.0, 0.5};
  const std::vector<CellResult> results = run(given);
  ASSERT_EQ(results.size(), 20u);
  for (const CellResult& cell : results) {
    ASSERT_TRUE(cell.done()) << cell.result.dump();
    // At a ratio, clean is the control that trains on what was left unprotected.
    const bool half = cell.cell.ratio < 1 && cell.result.at("row") == "clean";
    EXPECT_EQ(cell.result.at("pictures"), half ? 16 : 32);
    EXPECT_EQ(cell.result.at("epochs").size(), half ? 4u : 2u) << "as many steps";
  }
  EXPECT_GT(results[3].result.at("measured").at("linf"), 8) << "one pixel moves far";
  const std::vector<BenchTable> tables = tables_of(*runner, results);
  ASSERT_EQ(tables.size(), 4u);
  for (const BenchTable& table : tables) {
    std::set<std::string> recipes;
    for (const ResultRow& row : table.results.rows()) recipes.insert(row.recipe);
    EXPECT_EQ(recipes.size(), 1u);
  }
  EXPECT_NE(tables[0].results.rows()[0].recipe, tables[1].results.rows()[0].recipe);
  const std::string terminal = write_summary(*runner, results, root / "out");
  for (const char* file : {"results.jsonl", "results.csv", "results.md", "results.tex", "report.html"})
    EXPECT_TRUE(fs::exists(root / "out" / file)) << file;
  const std::string lines = read_text(root / "out" / "results.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 20);
  // At a glance: two shares by two defences, each a table before the others; a terminal has them at its end.
  const std::string markdown = read_text(root / "out" / "results.md");
  for (const char* title : {"under defences\n", "under defences, 50 % protected", "by the share protected\n",
                            "by the share protected, gray"})
    EXPECT_LT(markdown.find(title), markdown.find("epochs, measured noise")) << title;
  EXPECT_THAT(terminal, HasSubstr("by the share protected, gray"));
  EXPECT_GT(terminal.find("by the share protected, gray"), terminal.rfind("epochs, measured noise"));
  EXPECT_THAT(markdown, HasSubstr("| row | eps | 100 % protected | 50 % protected |"));
  // Four rows with noise, each drawn once however many victims were trained on it.
  const std::string page = read_text(root / "out" / "report.html", 1 << 24);
  for (const char* alt : {"class_random, eps 4: spectrum", "class_random, eps 8: spectrum", "ops: spectrum",
                          "class_filter: spectrum"})
    EXPECT_EQ(page.find(alt), page.rfind(alt)) << alt;
  EXPECT_THAT(page, HasSubstr("class_filter: spectrum"));
  EXPECT_THAT(page, HasSubstr("class=\"bar c0\""));
}

TEST_F(BenchTest, LearnedDefencesAndTheNoiseAlone) {
  json given = plan_json("classes");
  given["methods"] = {{{"method", "clean"}}, {{"method", "class_random"}}};
  given["defences"] = {"none", "projection", "cutmix", "ueraser"};
  const std::vector<CellResult> results = run(given);
  ASSERT_EQ(results.size(), 8u);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  const json& measured = results[1].result.at("measured");
  EXPECT_EQ(measured.at("separability"), 100.0) << "one noise a class";
  EXPECT_EQ(measured.at("separability_train"), 100.0);
  EXPECT_GT(measured.at("ssim"), 0.5);
  EXPECT_LT(measured.at("ssim"), 1.0);
  const TextTable details = detail_table(tables_of(*runner, results)[0]);
  const auto column = [&](const std::string& name) {
    size_t c = 0;
    while (details.columns.at(c).name != name) ++c;
    return c;
  };
  EXPECT_EQ(details.rows[1].at(column("separable %")), "100.0");
  EXPECT_EQ(details.rows[1].at(column("SSIM")), format_number(measured.at("ssim"), 3));
  EXPECT_EQ(details.rows[0].at(column("SSIM")), "-") << "clean";
}

TEST_F(BenchTest, VictimsStartFromAFile) {
  json given = plan_json("classes");
  given["methods"] = {{{"method", "clean"}}};
  // Of other classes than the data's.
  ClassifierConfig config = classifier_config_from_json(testing_bench::tiny_model(true), "start");
  config.outputs = 3;
  const auto save = [&](uint64_t seed) {
    Classifier classifier(config);
    const ParameterSet parameters(classifier, seed);
    save_classifier(root / "start.safetensors", config, parameters, {"a", "b", "c"}, {});
  };
  save(11);
  json& victim = given["victims"][0];
  std::set<std::string> recipes;
  const auto recipe_of_run = [&] {
    const std::vector<CellResult> results = run(given);
    EXPECT_TRUE(results[0].done()) << results[0].result.dump();
    return results[0].result.at("recipe").get<std::string>();
  };
  const auto loss_now = [&] { return run(given)[0].result.at("epochs")[0].at("loss").get<double>(); };
  recipes.insert(recipe_of_run());
  const double from_scratch = loss_now();
  victim["start"] = "start.safetensors";
  recipes.insert(recipe_of_run());
  EXPECT_NE(loss_now(), from_scratch);
  victim["mode"] = "probe";
  recipes.insert(recipe_of_run());
  const double of_first = loss_now();
  save(12);
  recipes.insert(recipe_of_run());
  EXPECT_NE(loss_now(), of_first);
  EXPECT_EQ(recipes.size(), 4u) << "start and mode are part of the recipe";

  const auto place_of_error = [&] {
    try {
      run(given);
    } catch (const PlanError& error) {
      return error.path;
    }
    return std::string("no error");
  };
  victim["start"] = "nowhere.safetensors";
  EXPECT_EQ(place_of_error(), "victims[0].start");
  victim["start"] = "start.safetensors";
  victim["model"]["widths"] = {16};
  EXPECT_EQ(place_of_error(), "victims[0].start") << "another architecture";
}

TEST_F(BenchTest, VictimsMustFitThePictures) {
  json given = plan_json("classes");
  given["victims"][0]["model"] = {{"architecture", "vit"}, {"image_size", 16}, {"patch_size", 4},
                                  {"width", 16},           {"layers", 1},      {"heads", 1}};
  testing_errors::expect_error([&] { run(given); }, {"v looks at 16 pixels", "have 8"});
  given["victims"][0]["model"]["image_size"] = 8;
  EXPECT_TRUE(run(given)[0].done());
}

TEST_F(BenchTest, TrainsT2ueOnceForARowAndItsShuffledControl) {
  json given = plan_json("image-text");
  given["victims"][0]["model"]["embed_dim"] = 6;
  const json generator{{"latent", 4}, {"condition", 6},   {"width", 4},      {"multipliers", {2, 2}},
                       {"hidden", 8}, {"mask_hidden", 4}, {"gain_start", 1}, {"modulation_start", 1}};
  given["methods"][1] = {{"method", "t2ue"},
                         {"options",
                          {{"generator", generator},
                           {"surrogate", given["victims"][0]["model"]},
                           {"keywords", 3},
                           {"recipe", {{"batch", 8}}},
                           {"policy", {{"rounds", 2}}}}}};
  given["methods"].push_back({{"method", "shuffled"}, {"of", "t2ue"}});
  const std::vector<CellResult> results = run(given);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  EXPECT_GT(results[1].result.at("one_off_seconds"), 0.0);
  EXPECT_EQ(results[1].result.at("one_off_seconds"), results[2].result.at("one_off_seconds"));
  EXPECT_LE(results[1].result.at("measured").at("distinct_deltas"), 3);
  size_t generators = 0;
  for (const auto& entry : fs::directory_iterator(root / "out" / "models"))
    if (entry.path().extension() == ".safetensors") {
      ++generators;
      // Of another latent than it was trained with a generator gives other noise.
      const json state = json::parse(SafetensorsFile(entry.path()).metadata().at("state"));
      EXPECT_EQ(state.at("seed"), state.at("training").at("recipe").at("seed"));
    }
  EXPECT_EQ(generators, 1u);
  // Captions without keywords start from the textures of their words.
  given["methods"][1]["options"].erase("keywords");
  given["methods"][1]["options"]["policy"]["warm_steps"] = 2;
  const CellResult captions = run(given)[1];
  ASSERT_TRUE(captions.done()) << captions.result.dump();
  EXPECT_GT(captions.result.at("measured").at("distinct_deltas"), 3);
}

TEST_F(BenchTest, AttackerWhoKnowsAllButTheSeedSubtractsHisGuess) {
  json given = plan_json("classes");
  given["methods"] = {{{"method", "clean"}}, {{"method", "class_textures"}}, {{"method", "class_random"}}};
  given["defences"] = {"none", "subtract"};
  given["victims"][0]["recipe"]["epochs"] = 1;
  const std::vector<CellResult> results = run(given);
  ASSERT_EQ(results.size(), 6u);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  const auto scores = [&](size_t i) { return results[i].result.at("epochs"); };
  EXPECT_EQ(scores(0), scores(3)) << "nobody attacks clean pictures";
  // Random noise of another seed is another noise: the attacker adds some. Both are protected once.
  EXPECT_NE(scores(2), scores(5));
  size_t protections = 0;
  for (const auto& entry : fs::directory_iterator(root / "out"))
    protections += entry.path().filename().string().starts_with("protected-");
  EXPECT_EQ(protections, 2u);

  const RowContext context{runner->data(), runner->plan(), {}, Precision::fp32, 0, 1, *store(), {}};
  PairDataset published =
      load_published(runner->data().train(), runner->protection_folder(results[1].cell) / "published");
  // class_textures has no seed: who knows the method has the noise, up to what was cut at 0 and 255.
  subtract_guess(published, runner->plan().methods[1], context);
  size_t wrong = 0;
  const PairDataset& clean = runner->data().train();
  for (size_t p = 0; p < clean.pixels.size(); ++p)
    if (clean.pixels[p] >= 8 && clean.pixels[p] <= 247) wrong += published.pixels[p] != clean.pixels[p];
  EXPECT_EQ(wrong, 0u);

  given["methods"].push_back({{"method", "ops"}});
  EXPECT_EQ(plan_error(given), "methods[3]");
}

TEST_F(BenchTest, NoiseIsMadeFromTheFirstCaptionOrFromAll) {
  json given = plan_json("image-text");
  given["methods"] = {{{"method", "clean"}}, {{"method", "text_lsp"}}};
  const std::vector<BenchCell> cells = cells_of(plan(given));
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  const std::string key = runner->key_of(cells[1]);
  const std::filesystem::path folder = runner->protection_folder(cells[1]);
  const auto of_five = runner->data().train().captions_of(5);
  const std::vector<std::string> captions(of_five.begin(), of_five.end());
  ASSERT_EQ(captions.size(), 2u);
  EXPECT_EQ(runner->data().items()[5].caption, captions[0]);

  given["data"]["all_captions"] = true;
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  EXPECT_EQ(runner->data().items()[5].caption, captions[0] + "\n" + captions[1]);
  EXPECT_NE(runner->key_of(cells[1]), key);
  EXPECT_NE(runner->protection_folder(cells[1]), folder);
}

TEST_F(BenchTest, AttackerWhoRewritesCaptionsLearnsFromHisOwn) {
  const auto rewrite = [&](int count, int offset) {
    std::string list;
    for (int i = 0; i < count; ++i)
      list += json{{"key", concat("train", i)}, {"caption", testing_bench::words[(i + offset) % 4]}}.dump() +
              "\n";
    write_file(root / "rewritten.jsonl", list);
  };
  rewrite(32, 0);
  json given = plan_json("image-text");
  given["data"]["recaptioned"] = "rewritten.jsonl";
  given["defences"] = {"none", "recaption"};
  given["methods"] = {{{"method", "clean"}}, {{"method", "text_lsp"}}};
  given["victims"][0]["recipe"]["epochs"] = 1;
  const std::vector<CellResult> results = run(given);
  ASSERT_EQ(results.size(), 4u);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  const auto loss = [&](size_t i) { return results[i].result.at("epochs")[0].at("loss"); };
  EXPECT_NE(loss(0), loss(2));
  EXPECT_NE(loss(1), loss(3));
  // The owner knew nothing of it: the noise is the same.
  EXPECT_EQ(runner->protection_folder(results[1].cell), runner->protection_folder(results[3].cell));

  PairDataset pictures = runner->data().train();
  runner->data().recaption(pictures);
  ASSERT_EQ(pictures.captions.size(), 32u) << "one instead of two";
  EXPECT_EQ(pictures.captions[5], "cat");
  EXPECT_EQ(pictures.caption_begin.back(), 32);
  EXPECT_EQ(runner->data().train().captions.size(), 64u);

  const std::string key = runner->key_of(results[3].cell), plain = runner->key_of(results[1].cell);
  rewrite(32, 1);
  runner.emplace(plan(given), root, root / "out", BenchOptions{});
  EXPECT_NE(runner->key_of(results[3].cell), key) << "other captions, another cell";
  EXPECT_EQ(runner->key_of(results[1].cell), plain);
  rewrite(31, 0);
  testing_errors::expect_error([&] { runner.emplace(plan(given), root, root / "out", BenchOptions{}); },
                               {"rewritten.jsonl", "no caption", "train31"});
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
  EXPECT_TRUE(weak_clean(table(4.9), BenchTask::image_text));
  EXPECT_FALSE(weak_clean(table(5.1), BenchTask::image_text));
  EXPECT_TRUE(weak_clean(table(25.0), BenchTask::classes));
  EXPECT_FALSE(weak_clean(table(27.0), BenchTask::classes));
}

}  // namespace
}  // namespace t2ue
