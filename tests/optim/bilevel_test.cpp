#include "optim/tiny.hpp"

#include <cstring>

namespace t2ue {
namespace {

using namespace testing_optim;
using Bilevel = BiLevelTrainer<ResNet>;

struct BiLevel : testing::Test {
  /// Class colours are taken away, so that the noise is what classes can be told by.
  BiLevel() {
    Random random(9, Purpose::test);
    for (uint8_t& pixel : data.pixels) pixel = static_cast<uint8_t>(100 + random.below(50));
  }
  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  BiLevelPolicy policy{
      .rounds = 30, .surrogate_steps = 1, .noise_steps = 4, .restart_every = 10, .noise_rate = 5e-3f};

  std::unique_ptr<Bilevel> trainer() {
    SsaGeneratorConfig generator = tiny_generator();
    generator.eps = 16.0f / 255.0f, generator.modulation_start = 0;
    return std::make_unique<Bilevel>(generator, tiny_classifier(), policy, recipe, data, by_class(data));
  }
};

TEST_F(BiLevel, AlternatingWithRestartsLowersTheNoiseLoss) {
  // Beside a generator that does not learn: what its last surrogate makes of the pictures.
  std::vector<float> last;
  for (const float rate : {1e-12f, 5e-3f}) {
    policy.noise_rate = rate;
    const auto run = trainer();
    last.push_back(0);
    while (!run->done()) {
      const float loss = run->round().noise;
      if (run->rounds() > 20) last.back() += loss / 10;
    }
  }
  EXPECT_LT(last[1], 0.9f * last[0]);
}

TEST_F(BiLevel, FrozenSurrogateIsUntouched) {
  policy = {.rounds = 4, .surrogate_steps = 0, .noise_steps = 1, .noise_rate = 5e-3f};
  const auto run = trainer();
  const auto surrogate = run->surrogate_parameters().values().to_vector<float>();
  const auto generator = run->generator_parameters().values().to_vector<float>();
  while (!run->done()) run->round();
  EXPECT_EQ(run->surrogate_parameters().values().to_vector<float>(), surrogate);
  EXPECT_NE(run->generator_parameters().values().to_vector<float>(), generator);
}

TEST_F(BiLevel, ResumedRunEndsWithTheSameFile) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  policy.restart_every = 3;
  const auto run = trainer();
  for (int i = 0; i < 7; ++i) {
    if (i == 4) run->save(half);
    run->round();
  }
  run->save(whole);
  const auto again = trainer();
  again->resume(half);
  while (again->rounds() < 7) again->round();
  again->save(resumed);
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
}

TEST_F(BiLevel, NonFiniteLossNamesItsStepAndStopsBeforeTheGenerator) {
  policy.noise_rate = 1e38f;
  policy.noise_steps = 1;
  policy.surrogate_steps = 0;  // or the next surrogate step would see the broken noise first
  const auto run = trainer();
  std::string error;
  std::vector<float> before;
  while (!run->done() && error.empty()) {
    before = run->generator_parameters().values().to_vector<float>();
    error = error_of([&] { run->round(); });
  }
  EXPECT_THAT(error, testing::HasSubstr("noise, step "));
  EXPECT_THAT(error, testing::HasSubstr("the weights were not changed"));
  const auto now = run->generator_parameters().values().to_vector<float>();
  EXPECT_EQ(std::memcmp(now.data(), before.data(), now.size() * sizeof(float)), 0);
}

/// How far each condition's noise agrees with its pattern: 1 where it is +-eps with the right signs
/// everywhere.
double agreement(Bilevel& trainer, const Conditions& conditions, uint64_t seed) {
  SsaGenerator& generator = trainer.generator();
  const int64_t rows = conditions.rows();
  std::vector<float> z;
  for (int64_t i = 0; i < rows; ++i)
    for (const float x : latent_vector(generator.config.latent, seed, 0)) z.push_back(x);
  Tensor noise;
  Step step([&](Graph& g) {
    const Frozen frozen(g);
    const Evaluation evaluation(g);
    noise = g.output(generator.noise(g.input(Tensor::of(conditions.table, {rows, conditions.width})),
                                     g.input(Tensor::of(z, {rows, generator.config.latent}))));
  });
  step.run();
  double sum = 0;
  const std::vector<float> values = noise.to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(values[i] * conditions.start[i]);
  return sum / static_cast<double>(values.size()) / static_cast<double>(generator.config.eps);
}

TEST_F(BiLevel, WarmStartBringsEachConditionItsPattern) {
  Conditions conditions = by_class(data);
  Random random(4, Purpose::test);
  for (int i = 0; i < 4 * 8 * 8 * 3; ++i) conditions.start.push_back(random.uniform() < 0.5f ? -1.0f : 1.0f);
  policy.rounds = 1;
  policy.noise_rate = 1e-12f;
  SsaGeneratorConfig generator = tiny_generator();
  generator.width = 16;
  for (const int64_t steps : {1, 150}) {
    policy.warm_steps = steps;
    Bilevel run(generator, tiny_classifier(), policy, recipe, data, conditions);
    run.round();
    EXPECT_EQ(run.done(), true);
    if (steps == 1)
      EXPECT_LT(agreement(run, conditions, recipe.seed), 0.2);
    else
      EXPECT_GT(agreement(run, conditions, recipe.seed), 0.5);
  }
  conditions.start.pop_back();
  EXPECT_THROW(Bilevel(generator, tiny_classifier(), policy, recipe, data, conditions), Error);
}

TEST_F(BiLevel, RefusesConditionsThatDoNotFit) {
  Conditions narrow = by_class(data);
  narrow.width = 3;
  EXPECT_THROW(Bilevel(tiny_generator(), tiny_classifier(), policy, recipe, data, narrow), Error);
  Conditions few = by_class(data);
  few.row_of_item.pop_back();
  EXPECT_THROW(Bilevel(tiny_generator(), tiny_classifier(), policy, recipe, data, few), Error);
}

TEST_F(BiLevel, RefusesToAverageWeights) {
  recipe.ema_decay = 0.9f;
  EXPECT_THAT(
      error_of([&] { Bilevel(tiny_generator(), tiny_classifier(), policy, recipe, data, by_class(data)); }),
      testing::HasSubstr("ema_decay"));
}

}  // namespace
}  // namespace t2ue
