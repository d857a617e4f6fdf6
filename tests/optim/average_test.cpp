// The moving average of a trainer's weights.
#include <emulation/backend.hpp>
#include <limits>
#include <t2ue/core/json_reader.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

using Floats = std::vector<float>;

struct AverageWay {
  const char* name;
  bool emulated = false;
  Execution execution = Execution::planned;
  Precision precision = Precision::fp32;
};
void PrintTo(const AverageWay& way, std::ostream* out) {
  *out << way.name;
}

struct Average : testing::TestWithParam<AverageWay> {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();

  std::unique_ptr<ClipTrainer> trainer(float decay) {
    recipe.ema_decay = decay;
    const AverageWay way = GetParam();
    return std::make_unique<ClipTrainer>(
        tiny_clip(), recipe, data,
        Compute{way.emulated ? emulation::device() : Device{}, way.execution, way.precision});
  }
  static Floats averaged(ClipTrainer& trainer) {
    Floats values;
    trainer.with_average([&] { values = trainer.parameters().values().to_vector<float>(); });
    return values;
  }
};
INSTANTIATE_TEST_SUITE_P(Ways, Average,
                         testing::Values(AverageWay{"planned"}, AverageWay{"eager", false, Execution::eager},
                                         AverageWay{"emulated", true},
                                         AverageWay{"bf16", true, Execution::planned, Precision::bf16}),
                         testing::PrintToStringParamName());

TEST_P(Average, FollowsTheWeightsAndLeavesThemAlone) {
  const float decay = 0.8f;
  const auto with = trainer(decay), without = trainer(0);
  const Floats first = with->parameters().values().to_vector<float>();
  std::vector<double> expected(first.begin(), first.end());
  EXPECT_EQ(averaged(*with), first);
  for (int step = 0; step < 5; ++step) {
    EXPECT_EQ(with->step(), without->step());
    EXPECT_EQ(weights(with->parameters()), weights(without->parameters()));
    const Floats now = with->parameters().values().to_vector<float>();
    const auto d = static_cast<double>(decay);
    for (size_t i = 0; i < now.size(); ++i)
      expected[i] = d * expected[i] + (1 - d) * static_cast<double>(now[i]);
    const Floats average = averaged(*with);
    ASSERT_NE(average, now);
    for (size_t i = 0; i < now.size(); ++i)
      ASSERT_NEAR(static_cast<double>(average[i]), expected[i], 2e-6 * std::max(1.0, std::abs(expected[i])))
          << i;
  }
}

TEST_P(Average, IsInPlaceWhileItIsUsedAndGoneAfterwards) {
  const auto with = trainer(0.8f);
  with->step();
  const ParameterSet& parameters = with->parameters();
  const Floats before = weights(parameters), buffers = parameters.buffers().to_vector<float>();
  const auto shadows_hold = [&](const Floats& values) {
    if (!parameters.shadows()) return true;
    Floats rounded;
    for (const float value : values) rounded.push_back(static_cast<float>(bf16(value)));
    return parameters.shadows().to_floats() == rounded;
  };
  with->with_average([&] {
    const Floats values = parameters.values().to_vector<float>();
    EXPECT_NE(weights(parameters), before);
    EXPECT_EQ(parameters.buffers().to_vector<float>(), buffers);
    EXPECT_TRUE(shadows_hold(values));
  });
  EXPECT_EQ(weights(parameters), before);
  EXPECT_TRUE(shadows_hold(parameters.values().to_vector<float>()));
  EXPECT_EQ(error_of([&] { with->with_average([] { fail("test", "inside"); }); }), "[test] inside");
  EXPECT_EQ(weights(parameters), before) << "after an error";
}

TEST_P(Average, ResumesToTheSameFile) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  const auto straight = trainer(0.8f);
  for (int i = 0; i < 7; ++i) {
    if (i == 3) straight->save(half);
    straight->step();
  }
  straight->save(whole);
  const auto again = trainer(0.8f);
  again->resume(half);
  while (again->steps() < 7) again->step();
  again->save(resumed);
  EXPECT_EQ(averaged(*again), averaged(*straight));
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
  EXPECT_THAT(error_of([&] { trainer(0)->resume(half); }), HasSubstr("another recipe"));
  EXPECT_THAT(error_of([&] { trainer(0.9f)->resume(half); }), HasSubstr("another recipe"));
}

TEST_P(Average, BeginsAtTheWeightsOfTheFirstStep) {
  const auto with = trainer(0.8f);
  Tensor values = with->parameters().values();
  const Floats given(static_cast<size_t>(values.shape().elements()), 0.25f);
  values.assign(given);
  with->parameters().refresh_shadows();
  with->step();
  const Floats average = averaged(*with), now = values.to_vector<float>();
  for (size_t i = 0; i < now.size(); ++i)
    ASSERT_NEAR(average[i], 0.8f * 0.25f + 0.2f * now[i], 1e-6f * std::max(1.0f, std::abs(now[i]))) << i;
}

TEST(AverageOff, IsInNoFile) {
  const PairDataset data = tiny_data();
  const auto path = temporary("file");
  ClipTrainer trainer(tiny_clip(), tiny_recipe(), data);
  trainer.step();
  trainer.save(path);
  EXPECT_THAT(file_bytes(path), testing::Not(HasSubstr("average")));
}

TEST(AverageDecay, IsReadFromARecipeAndHasARange) {
  const auto read = [](const char* text) { return train_recipe_from_json(parse_json(text, "test")); };
  EXPECT_EQ(read("{}").ema_decay, 0);
  EXPECT_EQ(read(R"({"ema_decay": 0})").ema_decay, 0);
  const TrainRecipe recipe = read(R"({"ema_decay": 0.999})");
  EXPECT_EQ(recipe.ema_decay, 0.999f);
  EXPECT_EQ(train_recipe_from_json(to_json(recipe)).ema_decay, 0.999f);
  EXPECT_THAT(error_of([&] { read(R"({"ema_decay": 1})"); }), HasSubstr("'ema_decay' is 1"));
  EXPECT_THAT(error_of([&] { read(R"({"ema_decay": 1.5})"); }), HasSubstr("'ema_decay' is 1.5"));
  EXPECT_THAT(error_of([&] { read(R"({"ema_decay": -0.1})"); }), HasSubstr("'ema_decay' is -0.1"));
  EXPECT_THAT(error_of([&] { read(R"({"ema_decay": "much"})"); }),
              HasSubstr("'ema_decay' has the wrong type"));
  const PairDataset data = tiny_data();
  TrainRecipe wrong = tiny_recipe();
  for (const float decay : {1.0f, -0.5f, std::numeric_limits<float>::quiet_NaN()}) {
    wrong.ema_decay = decay;
    EXPECT_THAT(error_of([&] { ClipTrainer(tiny_clip(), wrong, data); }),
                HasSubstr("decay must lie between"));
  }
}

}  // namespace
}  // namespace t2ue
