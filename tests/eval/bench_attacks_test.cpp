// The benchmark runner's rows, victims, defences and attackers.
#include <errors.hpp>
#include <fstream>

#include "eval/bench_fixture.hpp"

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/eval/bench/adaptive.hpp>
#include <t2ue/eval/bench/matrices.hpp>
#include <t2ue/eval/bench/summary.hpp>

namespace t2ue {
namespace {

using testing::HasSubstr;
using namespace testing_bench;

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
  EXPECT_EQ(matrices(*runner, tables).size(), 8u) << "each for two epochs";
  const TextTable selected = defence_matrix(*runner, tables, "v", 1),
                  last = defence_matrix(*runner, tables, "v", 1, ScoredEpoch::last);
  EXPECT_THAT(last.title, HasSubstr("under defences, last epoch"));
  for (size_t r = 0; r < 5; ++r) {
    const Scores& scores = tables[0].results.rows()[r].scores[0];
    EXPECT_EQ(selected.rows[r][2], format_number(scores.selected, 1));
    EXPECT_EQ(last.rows[r][2], format_number(scores.last, 1));
  }
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
  json given = t2ue_plan();
  given["methods"].push_back({{"method", "shuffled"}, {"of", "t2ue"}});
  const std::vector<CellResult> results = run(given);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  EXPECT_GT(results[1].result.at("one_off_seconds"), 0.0);
  EXPECT_EQ(results[1].result.at("one_off_seconds"), results[2].result.at("one_off_seconds"));
  EXPECT_LE(results[1].result.at("measured").at("distinct_deltas"), 3);
  const std::vector<fs::path> generators = models_in(root / "out");
  ASSERT_EQ(generators.size(), 1u);
  // Of another latent than it was trained with a generator gives other noise.
  const json state = json::parse(SafetensorsFile(generators[0]).metadata().at("state"));
  EXPECT_EQ(state.at("seed"), state.at("training").at("recipe").at("seed"));
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

  const BenchContext context{runner->data(), runner->plan(), {}, 0, 1, *store(), {}};
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

}  // namespace
}  // namespace t2ue
