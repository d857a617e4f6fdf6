// Learned patterns of words in the benchmark.
#include <errors.hpp>

#include "eval/bench_fixture.hpp"

#include <t2ue/core/sha256.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/methods/word_patterns_method.hpp>

namespace t2ue {
namespace {

using namespace testing_bench;
using testing_errors::expect_error;

/// A plan whose second row trains patterns in two rounds, and whose third deals their noise out wrongly.
json word_patterns_plan() {
  json given = plan_json("image-text");
  given["methods"][1] = {{"method", "word_patterns"},
                         {"options",
                          {{"words", 5},
                           {"size", 4},
                           {"surrogate", given["victims"][0]["model"]},
                           {"recipe", {{"batch", 8}}},
                           {"policy", {{"rounds", 2}, {"surrogate_steps", 2}}}}}};
  given["methods"].push_back({{"method", "shuffled"}, {"of", "word_patterns"}});
  return given;
}

TEST_F(BenchTest, TrainsPatternsOfWordsOnceForARowAndItsShuffledControl) {
  json given = word_patterns_plan();
  const std::vector<CellResult> results = run(given);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  EXPECT_GT(results[1].result.at("one_off_seconds"), 0.0);
  EXPECT_EQ(results[1].result.at("measured").at("linf"), 8);
  EXPECT_EQ(results[1].result.at("measured").at("card").at("independence"), "zero-contact");
  const std::vector<fs::path> models = models_in(root / "out");
  ASSERT_EQ(models.size(), 1u);
  const WordPatternsFile file = read_word_patterns(models[0]);
  EXPECT_GE(file.keywords.words.size(), 4u);
  EXPECT_EQ(file.size, 4);
  EXPECT_NE(file.patterns, word_pattern_start(file.keywords, 4)) << "they learn";
  const std::string sha256 = sha256_file(models[0]);
  fs::remove_all(root / "out");
  run(given);
  EXPECT_EQ(sha256_file(models[0]), sha256);

  // The file serves other plans, where nothing is trained.
  fs::rename(models[0], root / "patterns.safetensors");
  given["methods"].erase(2);
  given["methods"][1]["options"] = {{"patterns", (root / "patterns.safetensors").string()}};
  const std::vector<CellResult> served = run(given, "served");
  ASSERT_TRUE(served[1].done()) << served[1].result.dump();
  EXPECT_EQ(served[1].result.at("one_off_seconds"), 0.0);
  EXPECT_FALSE(fs::exists(root / "served" / "models"));
}

TEST_F(BenchTest, PatternsOfWordsTrainedApartSeeNothingOfWhatTheyProtect) {
  write_coloured(root / "apart", 32, 3);
  write_coloured(root / "others", 24, 4);
  json given = word_patterns_plan();
  given["data"]["apart"] = "apart";
  given["methods"][1]["options"]["trained_on"] = "apart";
  for (const char* train : {"train", "others"}) {
    given["data"]["train"] = train;
    for (const CellResult& cell : run(given)) EXPECT_TRUE(cell.done()) << cell.result.dump();
    EXPECT_EQ(models_in(root / "out").size(), 1u);
  }
}

TEST(WordPatternsTraining, MistakesAreToldInThePlan) {
  const auto refused = [](const json& options, LearningTask task, const std::vector<std::string>& parts) {
    SCOPED_TRACE(options.dump());
    expect_error([&] { method_named("word_patterns").training->check(options, task, true); }, parts);
  };
  const LearningTask captions = LearningTask::image_text;
  refused(json::object(), LearningTask::classes, {"captions", "classes"});
  refused({{"words", 0}}, captions, {"words"});
  refused({{"size", 2}}, captions, {"size"});
  refused({{"coarseness", 9}}, captions, {"coarseness"});
  refused({{"colour", 2}}, captions, {"'colour'"});
  refused({{"surrogate", "resnet7"}}, captions, {"resnet7"});
  refused({{"policy", {{"warm_steps", 5}}}}, captions, {"warm_steps", "5"});
  refused({{"policy", {{"surrogate_steps", 0}}}}, captions, {"surrogate_steps"});
  refused({{"trained_on", "them"}}, captions, {"'them'"});
  const json fewer{{"policy", {{"rounds", 7}}}};
  EXPECT_EQ(detail::given_options(WordPatternsOptions(), "word_patterns", fewer).policy.surrogate_steps, 20)
      << "the rest stays";
  json given = word_patterns_plan();
  given["methods"][1]["options"]["trained_on"] = "apart";
  EXPECT_EQ(plan_error(given), "methods[1]") << "the plan has none";
}

}  // namespace
}  // namespace t2ue
