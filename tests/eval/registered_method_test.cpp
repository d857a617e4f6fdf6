// Methods of one's own, registered from outside the library: in the list, in plans, and trained by the
// benchmark.
#include <errors.hpp>

#include "eval/bench_fixture.hpp"

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/trained_file.hpp>
#include <t2ue/noise/budget.hpp>

namespace t2ue {
namespace {

using namespace testing_bench;
using testing_errors::error_of;
using testing_errors::expect_error;

/// The same number of steps on every value.
class Flat final : public ItemwiseSource {
 public:
  static MethodCard describe(const std::string& name, int steps) {
    MethodCard card;
    card.name = name;
    card.summary = "the same step everywhere";
    card.eps = linf_budget(name, steps).eps;
    return card;
  }
  Flat(const std::string& name, int height, int width, int steps)
      : ItemwiseSource(describe(name, steps), height, width), steps_(steps) {}

 private:
  Noise noise_of(const NoiseItem&) const override {
    return {height(), width(), std::vector<int8_t>(values(), static_cast<int8_t>(steps_))};
  }
  int steps_;
};

struct FlatOptions {
  int eps_steps = 8;
  void fields(FieldList& f) { f("eps_steps", eps_steps, in_range(1, 127), "steps"); }
};
MethodEntry flat_method() {
  return method_entry<FlatOptions>(
      Flat::describe("flat", 8), {}, [](const FlatOptions& options, const MethodRequest& request) {
        return noise_method<Flat>(request.name, request.facts.height, request.facts.width, options.eps_steps);
      });
}

/// "Trains" on what it may look at: its file holds a number made of that.
struct LearnedOptions {
  LearningTask task = LearningTask::image_text;
  std::string file;
  int least = 1;
  TrainedOn trained_on = TrainedOn::train;
  void fields(FieldList& f) {
    f("file", file, "what was learned");
    f("least", least, in_range(1, 100), "steps to begin with");
    f("trained_on", trained_on, "which pictures");
  }
};
int trainings = 0;
TrainedFile learn(const LearnedOptions& options, const nlohmann::json&, const TrainContext& context) {
  return trained_once(context, concat("learned-", options.least, "-", context.seed),
                      [&](const fs::path& file) {
                        ++trainings;
                        EXPECT_EQ(options.task, context.task);
                        EXPECT_EQ(context.pictures.count(), 32);
                        EXPECT_EQ(context.eps_steps, 4);
                        EXPECT_FALSE(context.pictures_hash.empty());
                        write_file(file, std::to_string(options.least + context.eps_steps));
                        return 0.0;
                      });
}
MethodEntry learned_method() {
  MethodTraining training;
  training.file_option = "file";
  training.tasks = {LearningTask::image_text};
  return trained_method_entry<LearnedOptions>(
      Flat::describe("learned", 8), {},
      [](const LearnedOptions& options, const MethodRequest& request) {
        return noise_method<Flat>(request.name, request.facts.height, request.facts.width,
                                  std::stoi(read_text(options.file)));
      },
      training, learn);
}

struct RegisteredMethod : BenchTest {
  static void SetUpTestSuite() {
    register_method(flat_method());
    register_method(learned_method());
  }
};

TEST_F(RegisteredMethod, IsFoundByItsName) {
  const std::vector<std::string> names = method_names();
  EXPECT_EQ(std::vector<std::string>(names.end() - 2, names.end()),
            (std::vector<std::string>{"flat", "learned"}));
  EXPECT_EQ(method_named("flat").options.at(0).otherwise, "8");
  MethodFacts facts;
  EXPECT_EQ(make_noise_source("flat", {{"eps_steps", 3}}, facts)->card().max_steps(), 3);
  expect_error([] { method_named("no such"); }, {"'no such'", "random_sign", "flat, learned"});
  expect_error([&] { make_method("learned", {}, facts); }, {"learned", "'file'", "t2ue bench"});
}

TEST_F(RegisteredMethod, ANameIsGivenOnce) {
  expect_error([] { register_method(flat_method()); }, {"there is a method 'flat' already"});
  const auto refused = [](const std::string& name, const std::vector<std::string>& parts) {
    MethodEntry entry = flat_method();
    entry.card.name = name;
    expect_error([&] { register_method(entry); }, parts);
  };
  refused("t2ue", {"'t2ue' already"});
  refused("clean", {"'clean'", "another name"});
  refused("", {"name"});
  MethodEntry empty = flat_method();
  empty.card.name = "empty";
  empty.make = {};
  expect_error([&] { register_method(empty); }, {"empty", "`make`"});
  EXPECT_NE(error_of([] { method_named("empty"); }), "") << "what was refused is not there";
}

TEST_F(RegisteredMethod, RunsInPlans) {
  json given = plan_json("image-text");
  given["methods"] = {{{"method", "clean"}},
                      {{"method", "flat"}, {"eps", {2, 5}}},
                      {{"method", "learned"}, {"eps", 4}, {"options", {{"least", 3}}}},
                      {{"method", "shuffled"}, {"of", "learned"}, {"eps", 4}}};
  trainings = 0;
  const std::vector<CellResult> results = run(given);
  for (const CellResult& cell : results) ASSERT_TRUE(cell.done()) << cell.result.dump();
  const auto linf = [&](size_t cell) { return results[cell].result.at("measured").at("linf").get<int>(); };
  EXPECT_EQ(linf(1), 2);
  EXPECT_EQ(linf(2), 5);
  EXPECT_EQ(linf(3), 7) << "three and the budget's four: made from the file that was trained";
  EXPECT_EQ(linf(4), 7);
  EXPECT_EQ(trainings, 1) << "its control has the same";
}

TEST_F(RegisteredMethod, MistakesAreToldInThePlan) {
  json given = plan_json("image-text");
  const auto wrong = [&](const json& method) {
    given["methods"][1] = method;
    return plan_error(given);
  };
  EXPECT_EQ(wrong({{"method", "flat"}}), "no error");
  EXPECT_EQ(wrong({{"method", "flat"}, {"options", {{"colour", 1}}}}), "methods[1]");
  EXPECT_EQ(wrong({{"method", "flat"}, {"options", {{"eps_steps", 4}}}}), "methods[1]") << "the cell's";
  EXPECT_EQ(wrong({{"method", "learned"}, {"options", {{"least", 0}}}}), "methods[1]");
  EXPECT_EQ(wrong({{"method", "learned"}, {"options", {{"trained_on", "apart"}}}}), "methods[1]");
  given = plan_json("classes");
  EXPECT_EQ(wrong({{"method", "learned"}}), "methods[1]") << "a method for captions";
}

}  // namespace
}  // namespace t2ue
