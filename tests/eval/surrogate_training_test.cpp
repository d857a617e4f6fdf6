// Surrogate-based methods in the benchmark, on pictures of 8x8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <errors.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "eval/bench_pictures.hpp"

#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/surrogate_training.hpp>

namespace t2ue {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// Grainy pictures, a little brighter from class to class.
void write_grainy(const fs::path& folder, int count, uint64_t seed) {
  testing_bench::write_pictures(
      folder, count, seed,
      [](uint32_t label, uint32_t, Random& random) { return 90 + 8 * label + random.below(60); },
      [](const std::string& word, int) { return std::vector<std::string>{"a " + word}; });
}

const json tiny_resnet = testing_bench::tiny_model(true), tiny_clip_json = testing_bench::tiny_model(false);

struct SurrogateTraining : testing::Test {
  fs::path root =
      fs::path(testing::TempDir()) /
      concat("surrogate_training_", testing::UnitTest::GetInstance()->current_test_info()->name());
  SurrogateTraining() {
    fs::remove_all(root);
    fs::create_directories(root);
    write_grainy(root / "train", 96, 1);
    write_grainy(root / "test", 96, 2);
  }
  ~SurrogateTraining() override { fs::remove_all(root); }

  json plan_json(bool classes, int epochs) const {
    json plan = testing_bench::tiny_plan(
        classes, {{"epochs", epochs}, {"batch", 16}, {"learning_rate", 1e-2}, {"translation", 0}});
    plan["methods"][1]["eps"] = 16;
    return plan;
  }
  std::vector<CellResult> run(const json& plan) {
    runner.emplace(bench_plan_from_json(plan, check_plan_method), root, root / "out", BenchOptions{});
    return runner->run();
  }
  size_t models() const { return testing_bench::models_in(root / "out").size(); }
  std::optional<BenchRunner> runner;
};

/// The last epoch's accuracy of a cell.
double accuracy(const CellResult& cell) {
  EXPECT_TRUE(cell.done()) << cell.result.dump();
  return cell.result.at("scores").at(0).at("last").get<double>();
}

TEST_F(SurrogateTraining, ErrorMinimisingNoiseCostsAccuracyThatRandomSignsDoNot) {
  json plan = plan_json(true, 12);
  const json surrogate_recipe{{"batch", 16}};
  plan["methods"].push_back({{"method", "em"},
                             {"label", "EM class-wise"},
                             {"eps", 16},
                             {"options",
                              {{"unit", "class"},
                               {"surrogate", tiny_resnet},
                               {"policy", {{"rounds", 20}, {"noise_share", 1}}},
                               {"recipe", surrogate_recipe}}}});
  plan["methods"].push_back({{"method", "shuffled"}, {"of", "EM class-wise"}, {"eps", 16}});
  const std::vector<CellResult> cells = run(plan);
  ASSERT_EQ(cells.size(), 4u);
  const double clean = accuracy(cells[0]), random = accuracy(cells[1]), em = accuracy(cells[2]);
  EXPECT_GT(clean, 70) << cells[0].result.dump(1);
  EXPECT_GT(random, em + 5) << clean << ' ' << random << ' ' << em;
  EXPECT_EQ(cells[2].result.at("measured").at("distinct_deltas"), 4);
  EXPECT_LE(cells[2].result.at("measured").at("linf"), 16);
  EXPECT_EQ(models(), 1u) << "the shuffled control takes the row's noise";
}

/// Noise of rows that are interrupted and go on is that of rows that were not, and starts no stage anew.
TEST_F(SurrogateTraining, InterruptedTrainingGoesOn) {
  json plan = plan_json(true, 1);
  plan["methods"] = {{{"method", "em"},
                      {"options",
                       {{"surrogate", tiny_resnet},
                        {"policy", {{"rounds", 4}, {"stop_error", 0}}},
                        {"recipe", {{"batch", 16}}}}}},
                     {{"method", "t2ue"},
                      {"options",
                       {{"surrogate", tiny_resnet},
                        {"frozen_epochs", 2},
                        {"policy", {{"rounds", 4}}},
                        {"recipe", {{"batch", 16}}},
                        {"generator",
                         {{"latent", 4},
                          {"condition", 128},
                          {"width", 4},
                          {"multipliers", {2, 2}},
                          {"hidden", 8},
                          {"mask_hidden", 4}}}}}}};
  run(plan);
  const auto noise_of = [&](const fs::path& out) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(out / "models")) {
      EXPECT_NE(entry.path().extension(), ".checkpoint");
      if (entry.path().extension() == ".safetensors")
        files[entry.path().filename()] = sha256_file(entry.path());
    }
    return files;
  };
  const auto whole = noise_of(root / "out");
  ASSERT_EQ(whole.size(), 2u);

  std::map<std::string, std::vector<int64_t>> seen;  // the steps of each stage, over all runs
  int64_t interrupt_after = 3;
  BenchOptions options;
  options.checkpoint_seconds = 0;
  options.retry_failed = true;
  options.progress = [&](const std::string& stage, int64_t done, int64_t) {
    if (stage != "em" && stage != "surrogate" && stage != "generator") return;
    seen[stage].push_back(done);
    if (--interrupt_after > 0) return;
    interrupt_after = 3;
    throw Error("interrupted");
  };
  for (int attempt = 0; attempt < 20; ++attempt) {
    interrupt_after = 3;
    BenchRunner again(bench_plan_from_json(plan, check_plan_method), root, root / "interrupted", options);
    const std::vector<CellResult> cells = again.run();
    if (cells[0].done() && cells[1].done()) break;
  }
  EXPECT_EQ(noise_of(root / "interrupted"), whole);
  for (const auto& [stage, steps] : seen) {
    EXPECT_GT(steps.size(), static_cast<size_t>(steps.back())) << stage << " was never interrupted";
    // What is not yet written when a run ends is done again, and no more.
    for (size_t i = 1; i < steps.size(); ++i) EXPECT_GE(steps[i], steps[i - 1]) << stage;
    EXPECT_EQ(steps.front(), 1);
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(SurrogateTraining, EveryMethodForClassesRuns) {
  json plan = plan_json(true, 1);
  const json quick{{"rounds", 1}, {"pgd_steps", 2}};
  for (const SurrogateMethod& method : surrogate_methods()) {
    if (method.reads_captions) continue;
    json policy = quick;
    const NoiseTablePolicy preset = surrogate_preset(method, method.units.front()).policy;
    if (preset.pretrain_epochs > 0) policy["pretrain_epochs"] = 1;
    if (preset.restarts > 1) policy["restarts"] = 2;
    if (preset.samples > 1) policy["samples"] = 2;
    if (preset.unit == NoiseUnit::cluster) policy["clusters"] = 3;
    if (preset.surrogate_steps > 2) policy["surrogate_steps"] = 2;
    plan["methods"].push_back({{"method", method.name},
                               {"options",
                                {{"surrogate", tiny_resnet},
                                 {"policy", policy},
                                 {"recipe", {{"batch", 16}}},
                                 {"feature_width", 8}}}});
  }
  const std::vector<CellResult> cells = run(plan);
  for (const CellResult& cell : cells) {
    ASSERT_TRUE(cell.done()) << cell.result.dump();
    if (cell.result.at("row") == "clean" || cell.result.at("row") == "random_sign") continue;
    const json& measured = cell.result.at("measured");
    EXPECT_LE(measured.at("linf"), 8) << cell.result.at("row");
    EXPECT_GE(measured.at("linf"), 1) << cell.result.at("row");
    EXPECT_GT(measured.at("one_off_seconds"), 0);
    EXPECT_EQ(measured.at("card").at("independence"), "image-needed");
  }
}

TEST_F(SurrogateTraining, EveryMethodForCaptionsRuns) {
  json plan = plan_json(false, 1);
  for (const SurrogateMethod& method : surrogate_methods()) {
    if (!method.reads_captions) continue;
    json policy{{"rounds", 1}, {"pgd_steps", 2}};
    const NoiseTablePolicy preset = surrogate_preset(method, method.units.front()).policy;
    if (preset.pretrain_epochs > 0) policy["pretrain_epochs"] = 1;
    if (preset.surrogate_steps > 0) policy["surrogate_steps"] = 2;
    if (preset.trigger_tokens > 0) policy["trigger_tokens"] = 2;  // of a context of six
    plan["methods"].push_back(
        {{"method", method.name},
         {"options", {{"surrogate", tiny_clip_json}, {"policy", policy}, {"recipe", {{"batch", 16}}}}}});
  }
  const std::vector<CellResult> cells = run(plan);
  EXPECT_GE(cells.size(), 4u);
  for (const CellResult& cell : cells) EXPECT_TRUE(cell.done()) << cell.result.dump();
}

// The same noise twice: alone, and with the words that it was made beside. The victims of the second learn
// from captions that have these words in front, where pictures are protected at all.
TEST_F(SurrogateTraining, TriggersArePublishedIfAskedFor) {
  json plan = plan_json(false, 1);
  const json options{
      {"surrogate", tiny_clip_json},
      {"policy", {{"rounds", 1}, {"pgd_steps", 1}, {"surrogate_steps", 2}, {"trigger_tokens", 2}}},
      {"recipe", {{"batch", 16}}}};
  json published = options;
  published["publish_triggers"] = true;
  plan["methods"] = {{{"method", "mem3"}, {"options", options}},
                     {{"method", "mem3"}, {"label", "with triggers"}, {"options", published}}};
  plan["ratios"] = {1.0, 0.5};
  for (const CellResult& cell : run(plan)) EXPECT_TRUE(cell.done()) << cell.result.dump();
  EXPECT_EQ(models(), 1u) << "one noise for both";

  const std::vector<Pair> originals = read_pairs_folder(root / "train");
  int with_words = 0;
  for (const auto& entry : fs::directory_iterator(root / "out")) {
    if (!entry.path().filename().string().starts_with("protected-")) continue;
    const std::vector<Pair> pairs = read_pairs_folder(entry.path() / "published");
    std::set<std::string> triggers;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const std::string& caption = pairs[i].captions.at(0);
      ASSERT_TRUE(caption.ends_with(originals[i].captions.at(0))) << caption;
      triggers.insert(caption.substr(0, caption.size() - originals[i].captions.at(0).size()));
    }
    if (triggers == std::set<std::string>{""}) continue;
    ++with_words;
    EXPECT_GT(triggers.size(), 10u) << "every picture has its own";
    const PairDataset& clean = runner->data().train();
    const PairDataset seen = load_published(clean, entry.path() / "published");
    EXPECT_NE(seen.captions, clean.captions);
    EXPECT_TRUE(seen.ids.empty());
  }
  EXPECT_EQ(with_words, 1);
}

TEST(SurrogateOptions, MistakesAreToldInThePlan) {
  const auto refused = [](const char* name, const json& options, LearningTask task,
                          const std::vector<std::string>& parts) {
    SCOPED_TRACE(name + options.dump());
    testing_errors::expect_error([&] { method_named(name).training->check(options, task, true); }, parts);
  };
  refused("em", json::object(), LearningTask::image_text, {"em", "classes", "image-text"});
  refused("clip_em", json::object(), LearningTask::classes, {"clip_em", "captions"});
  refused("em", {{"unit", "cluster"}}, LearningTask::classes, {"sample or class"});
  refused("em", {{"unit", "caption"}}, LearningTask::classes, {"'caption'"});
  refused("em", {{"surrogate", "resnet7"}}, LearningTask::classes, {"resnet7"});
  refused("em", {{"policy", {{"round", 3}}}}, LearningTask::classes, {"'round'"});
  refused("em", {{"policy", {{"unit", "class"}}}}, LearningTask::classes, {"of its own"});
  refused("em", {{"recipe", {{"lr", 3}}}}, LearningTask::classes, {"'lr'"});
  refused("clip_em", {{"publish_triggers", true}}, LearningTask::image_text, {"mem3"});
  refused("em", {{"strength", 3}}, LearningTask::classes, {"'strength'"});
  const SurrogateOptions given = detail::given_options(SurrogateOptions(*find_surrogate_method("em")), "em",
                                                       {{"unit", "class"}, {"policy", {{"rounds", 7}}}});
  EXPECT_EQ(given.preset.policy.rounds, 7);
  EXPECT_EQ(given.preset.policy.pgd_steps, 1) << "the class-wise constants stay";
}

}  // namespace
}  // namespace t2ue
