#include "training/tiny.hpp"

#include <cstring>
#include <t2ue/models/generators/pattern_dictionary.hpp>
#include <t2ue/training/features.hpp>

namespace t2ue {
namespace {

using namespace testing_optim;
using Bilevel = BiLevelTrainer<Classifier>;

struct BiLevel : testing::Test {
  /// Class colours are taken away, so that the noise is what classes can be told by.
  BiLevel() {
    Random random(9, Purpose::test);
    for (uint8_t& pixel : data.pixels) pixel = static_cast<uint8_t>(100 + random.below(50));
  }
  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  BiLevelPolicy policy{.rounds = 30,
                       .surrogate_steps = 1,
                       .noise_steps = 4,
                       .restart_every = 10,
                       .noise_learning_rate = 5e-3f};

  std::unique_ptr<Bilevel> trainer() {
    SsaGeneratorConfig generator = tiny_generator();
    generator.modulation_start = 0;
    return std::make_unique<Bilevel>(GeneratorConfig(generator, {16.0f / 255.0f}), tiny_classifier(), policy,
                                     recipe, data, by_class(data));
  }

  /// Seven rounds in one go, and the same from a file saved after four.
  void expect_resumes(const std::filesystem::path& half, const std::filesystem::path& resumed,
                      const std::filesystem::path& whole) {
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
};

TEST_F(BiLevel, AlternatingWithRestartsLowersTheNoiseLoss) {
  // Beside a generator that does not learn: what its last surrogate makes of the pictures.
  std::vector<float> last;
  for (const float rate : {1e-12f, 5e-3f}) {
    policy.noise_learning_rate = rate;
    const auto run = trainer();
    last.push_back(0);
    while (!run->done()) {
      const float loss = run->round().noise;
      if (run->rounds() > 20) last.back() += loss / 10;
    }
  }
  EXPECT_LT(last[1], 0.9f * last[0]);
}

TEST_F(BiLevel, DictionaryOfPatternsLowersTheNoiseLossAndResumes) {
  const Conditions classes = by_class(data);
  PatternDictionaryConfig dictionary;
  dictionary.condition = classes.width, dictionary.size = 4;
  policy.warm_share = 0.5f, policy.final_share = 0.9f;
  const auto trainer_at = [&](float rate) {
    policy.noise_learning_rate = rate;
    return std::make_unique<Bilevel>(
        GeneratorConfig(dictionary, {.eps = 16.0f / 255.0f, .resampler = Resampler::tile}), tiny_classifier(),
        policy, recipe, data, classes);
  };
  std::vector<float> last;
  for (const float rate : {1e-12f, 5e-2f}) {
    const auto run = trainer_at(rate);
    last.push_back(0);
    while (!run->done()) {
      const float loss = run->round().noise;
      if (run->rounds() > 20) last.back() += loss / 10;
      if (rate > 1e-3f && run->rounds() == 12) run->save(temporary("half"));
    }
    if (rate > 1e-3f) run->save(temporary("whole"));
  }
  EXPECT_LT(last[1], 0.9f * last[0]);
  const auto again = trainer_at(5e-2f);
  again->resume(temporary("half"));
  while (!again->done()) again->round();
  again->save(temporary("resumed"));
  EXPECT_EQ(file_bytes(temporary("resumed")), file_bytes(temporary("whole")));
}

TEST_F(BiLevel, FrozenSurrogateIsUntouched) {
  policy = {.rounds = 4, .surrogate_steps = 0, .noise_steps = 1, .noise_learning_rate = 5e-3f};
  const auto run = trainer();
  const auto surrogate = weights(run->surrogate_parameters());
  const auto generator = run->generator_parameters().values().to_vector<float>();
  while (!run->done()) run->round();
  EXPECT_EQ(weights(run->surrogate_parameters()), surrogate) << "running statistics are weights too";
  EXPECT_NE(run->generator_parameters().values().to_vector<float>(), generator);
}

TEST_F(BiLevel, EnsembleTakesTurnsByRounds) {
  policy = {
      .rounds = 5, .surrogates = 2, .surrogate_steps = 1, .noise_steps = 1, .noise_learning_rate = 5e-3f};
  const auto run = trainer();
  std::vector<std::vector<float>> before{weights(run->surrogate_parameters(0)),
                                         weights(run->surrogate_parameters(1))};
  EXPECT_NE(before[0], before[1]) << "each has weights of its own";
  while (!run->done()) {
    const int turn = static_cast<int>(run->rounds() % 2);
    run->round();
    for (const int k : {0, 1}) {
      const auto now = weights(run->surrogate_parameters(k));
      EXPECT_EQ(now != before[static_cast<size_t>(k)], k == turn) << "round " << run->rounds();
      before[static_cast<size_t>(k)] = now;
    }
  }
}

TEST_F(BiLevel, EnsembleResumesToTheSameFile) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  policy.surrogates = 3, policy.restart_every = 3, policy.rounds = 7;
  expect_resumes(half, resumed, whole);
  policy.surrogates = 2;
  EXPECT_THAT(error_of([&] { trainer()->resume(half); }), testing::HasSubstr("another recipe"));
}

TEST_F(BiLevel, OneSurrogateIsNotInThePolicysJson) {
  EXPECT_FALSE(to_json(BiLevelPolicy{}).contains("surrogates")) << "hashes of older policies stay";
  policy.surrogates = 3;
  EXPECT_EQ(bilevel_policy_from_json(to_json(policy)).surrogates, 3);
}

TEST_F(BiLevel, ResumedRunEndsWithTheSameFile) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  policy.restart_every = 3;
  expect_resumes(half, resumed, whole);
}

TEST_F(BiLevel, TheNoiseRateFollowsItsSchedule) {
  // Where a run is depends on its length under a cosine, and not under a constant rate.
  const auto after = [&](Schedule::Kind kind, float warmup, int64_t rounds, int64_t done) {
    policy = {.rounds = rounds, .surrogate_steps = 0, .noise_schedule = kind, .noise_warmup_share = warmup};
    const auto run = trainer();
    while (run->rounds() < done) run->round();
    return weights(run->generator_parameters());
  };
  constexpr auto constant = Schedule::Kind::constant, cosine = Schedule::Kind::cosine;
  EXPECT_EQ(after(constant, 0, 4, 3), after(constant, 0, 8, 3));
  EXPECT_EQ(after(cosine, 0, 4, 1), after(constant, 0, 4, 1)) << "both begin at the full rate";
  EXPECT_NE(after(cosine, 0, 4, 3), after(cosine, 0, 8, 3));
  EXPECT_NE(after(constant, 0.5f, 4, 1), after(constant, 0, 4, 1)) << "a rise begins below it";
  EXPECT_EQ(after(constant, 0.02f, 49, 1), after(constant, 0, 49, 1)) << "2 % of 49 steps are none";
}

TEST_F(BiLevel, LatentsAreFreshOnlyIfAsked) {
  const auto after = [&](bool fresh) {
    policy = {.rounds = 1, .surrogate_steps = 0, .fresh_latents = fresh};
    const auto run = trainer();
    run->round();
    return weights(run->generator_parameters());
  };
  EXPECT_NE(after(false), after(true));
  EXPECT_EQ(after(true), after(true));
}

TEST_F(BiLevel, PolicyIsItsJson) {
  policy.noise_schedule = Schedule::Kind::constant;
  policy.noise_warmup_share = 0.5f;
  policy.fresh_latents = true;
  policy.noise_optimizer = {.kind = OptimizerConfig::Kind::adamw, .weight_decay = 0.25f};
  const nlohmann::json json = to_json(policy);
  EXPECT_EQ(to_json(bilevel_policy_from_json(json)), json);
  for (const char* key : {"noise_schedule", "noise_optimizer"})
    EXPECT_THAT(error_of([&] {
                  bilevel_policy_from_json({{key, "sgd"}});
                }),
                testing::AllOf(testing::HasSubstr(key), testing::HasSubstr("'sgd'")));
}

/// A CLIP as the frozen surrogate, with the features that its own text tower has for all captions.
struct FrozenClip : BiLevel {
  FrozenClip() { policy = {.rounds = 6, .surrogate_steps = 0, .noise_steps = 2, .fresh_latents = true}; }

  std::unique_ptr<BiLevelTrainer<Clip>> clip_trainer(bool with_features, uint64_t seed = 3) {
    auto run = std::make_unique<BiLevelTrainer<Clip>>(tiny_generator(), tiny_clip(), policy, recipe, data,
                                                      by_class(data));
    run->surrogate_parameters().initialise(seed);
    if (with_features) run->use_text_features(features(seed));
    return run;
  }
  std::vector<float> features(uint64_t seed) const {
    Clip model(tiny_clip());
    ParameterSet parameters(model, seed);
    return CaptionPass(data, model, 5).run();
  }
};

TEST_F(FrozenClip, LossesAreTheSameWithTextFeaturesComputedOnce) {
  const auto every_step = clip_trainer(false), once = clip_trainer(true);
  while (!once->done()) {
    const float expected = every_step->round().noise;
    EXPECT_NEAR(once->round().noise, expected, 1e-5f * expected);
  }
}

TEST_F(FrozenClip, TheTextTowerDoesNotRunWhereItsFeaturesAreGiven) {
  for (const bool with_features : {false, true}) {
    const auto run = clip_trainer(with_features);
    for (Parameter* parameter : run->surrogate_parameters().all())
      if (parameter->name == "text_projection")
        parameter->value.assign(std::vector<float>(static_cast<size_t>(parameter->shape.elements()), NAN));
    const std::string error = error_of([&] { run->round(); });
    EXPECT_EQ(error.empty(), with_features) << error;
  }
}

TEST_F(FrozenClip, ReadsTheCaptionThatTheBatchShows) {
  // Item i's captions take turns: the second epoch shows the second one.
  PairDataset two = data;
  two.caption_begin = {0};
  two.ids.clear(), two.end.clear(), two.captions.clear();
  for (int64_t i = 0; i < data.count(); ++i) {
    for (const int32_t second : {0, 1}) {
      for (const int32_t id : {18, 1 + second * 9, 2 + static_cast<int32_t>(i % 12), 19, 0, 0})
        two.ids.push_back(id);
      two.end.push_back(3);
      two.captions.push_back(concat("caption ", i, '-', second));
    }
    two.caption_begin.push_back(2 * i + 2);
  }
  data = two;
  Clip model(tiny_clip());
  ParameterSet parameters(model, 3);
  const auto every_step = clip_trainer(false), once = clip_trainer(false);
  once->use_text_features(CaptionPass(data, model, 5).run());
  while (!once->done()) {
    const float expected = every_step->round().noise;
    EXPECT_NEAR(once->round().noise, expected, 1e-5f * expected);
  }
}

TEST_F(FrozenClip, ResumedRunEndsWithTheSameFileAndWithoutTheSurrogatesWeights) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  const auto run = clip_trainer(true);
  while (!run->done()) {
    if (run->rounds() == 3) run->save(half);
    run->round();
  }
  run->save(whole);
  const auto again = clip_trainer(true);
  again->resume(half);
  while (!again->done()) again->round();
  again->save(resumed);
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
  const SafetensorsFile checkpoint(half);
  for (const auto& [name, view] : checkpoint.tensors()) EXPECT_FALSE(name.starts_with("surrogate")) << name;
  EXPECT_THAT(error_of([&] { clip_trainer(true, 4)->resume(half); }),
              testing::HasSubstr("a surrogate with other weights"));
}

TEST_F(FrozenClip, TextFeaturesThatDoNotFitAreRefused) {
  std::vector<float> few = features(3);
  few.pop_back();
  EXPECT_THAT(error_of([&] { clip_trainer(false)->use_text_features(few); }),
              testing::HasSubstr("24 captions"));
  policy.surrogate_steps = 1;
  EXPECT_THAT(error_of([&] { clip_trainer(true); }), testing::HasSubstr("frozen"));
}

TEST_F(BiLevel, NonFiniteLossNamesItsStepAndStopsBeforeTheGenerator) {
  policy.noise_learning_rate = 1e38f;
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
  Generator& generator = trainer.generator();
  const int64_t rows = conditions.rows();
  std::vector<float> z;
  for (int64_t i = 0; i < rows; ++i)
    for (const float x : latent_vector(generator.config.latents(), seed, 0)) z.push_back(x);
  Tensor noise;
  Step step([&](Graph& g) {
    const NoGrad no_grad(g);
    const EvalMode eval_mode(g);
    noise = g.output(generator.noise(g.input(Tensor::of(conditions.table, {rows, conditions.width})),
                                     g.input(Tensor::of(z, {rows, generator.config.latents()}))));
  });
  step.run();
  double sum = 0;
  const std::vector<float> values = noise.to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) sum += static_cast<double>(values[i] * conditions.start[i]);
  return sum / static_cast<double>(values.size()) / static_cast<double>(generator.config.bound.eps);
}

TEST_F(BiLevel, WarmStartBringsEachConditionItsPattern) {
  Conditions conditions = by_class(data);
  Random random(4, Purpose::test);
  for (int i = 0; i < 4 * 8 * 8 * 3; ++i) conditions.start.push_back(random.uniform() < 0.5f ? -1.0f : 1.0f);
  policy.rounds = 1;
  policy.noise_learning_rate = 1e-12f;
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

TEST_F(BiLevel, NoiseIsScaledToItsShareOfEps) {
  Conditions conditions = by_class(data);
  Random random(4, Purpose::test);
  for (int i = 0; i < 4 * 8 * 8 * 3; ++i) conditions.start.push_back(random.uniform() < 0.5f ? -1.0f : 1.0f);
  policy.rounds = 1, policy.warm_steps = 150;
  policy.noise_learning_rate = 1e-12f;
  SsaGeneratorConfig generator = tiny_generator();
  generator.width = 16;
  const auto agreement_at = [&](float warm, float final) {
    policy.warm_share = warm, policy.final_share = final;
    Bilevel run(generator, tiny_classifier(), policy, recipe, data, conditions);
    run.round();
    return agreement(run, conditions, recipe.seed);
  };
  // The pattern is what it was: signs agree where they did, and sizes are what was asked for.
  EXPECT_LT(agreement_at(0.4f, 0), 0.42);
  EXPECT_GT(agreement_at(0.4f, 0), 0.3);
  EXPECT_GT(agreement_at(0.4f, 0.95f), 0.75);
  EXPECT_LT(agreement_at(1, 0.2f), 0.21);
  for (const float wrong : {0.0f, 1.5f}) EXPECT_THROW(agreement_at(wrong, 0), Error);
  for (const float wrong : {-0.5f, 1.0f}) EXPECT_THROW(agreement_at(1, wrong), Error);
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
