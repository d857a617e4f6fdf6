// Policies of noise tables: resumed and planned runs end with the same bits, what does not go together is
// refused.
#include "training/noise_fixture.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;

/// Policies that between them use everything.
struct NoisePolicies : Noise, testing::WithParamInterface<std::string> {
  NoisePolicies() {
    const std::string& name = GetParam();
    if (name == "em")
      policy = {.unit = NoiseUnit::label, .rounds = 5, .surrogate_steps = 3, .stop_error = 1e-9};
    else if (name == "tap")
      policy = {.start = NoiseStart::uniform,
                .target_shift = 1,
                .pretrain_epochs = 2,
                .rounds = 2,
                .augment_noise = true,
                .restarts = 2};
    else if (name == "rem")
      policy = {.rounds = 4,
                .surrogate_steps = 1,
                .noise_first = true,
                .noise_batches = 1,
                .pgd_steps = 2,
                .final_passes = 2,
                .augment_noise = true,
                .samples = 2,
                .decay_every = 2,
                .attack_radius = 4,
                .attack_step_size = 2,
                .attack_steps = 2};
    else if (name == "tue")
      policy = {.objective = NoiseObjective::contrastive,
                .start = NoiseStart::uniform,
                .rounds = 4,
                .surrogate_steps = 2,
                .augment_noise = true,
                .separability = 1};
    else if (name == "cp")
      policy = {.objective = NoiseObjective::contrastive,
                .unit = NoiseUnit::label,
                .rounds = 4,
                .surrogate_steps = 2,
                .surrogate_mode = SurrogateMode::training,
                .augment_noise = true};
    else
      policy = {.objective = NoiseObjective::clusters,
                .unit = NoiseUnit::cluster,
                .target_shift = 1,
                .clusters = 3,
                .pretrain_epochs = 2,
                .rounds = 4};
  }
};
TEST_P(NoisePolicies, ResumedRunEndsWithTheSameFile) {
  for (const int64_t stop : {1, 3}) {
    const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
    const auto run = classes();
    while (!run->done()) {
      if (run->units() == stop) run->save(half, {{"note", 7}});
      run->advance();
    }
    run->save(whole);
    const auto again = classes();
    EXPECT_EQ(again->resume(half).at("note"), 7);
    while (!again->done()) again->advance();
    again->save(resumed);
    EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
    EXPECT_EQ(again->noise(), run->noise());
  }
}
TEST_P(NoisePolicies, PlannedStepsAreTheEagerOnes) {
  const auto planned = classes(), eager = classes(Execution::eager);
  while (!planned->done()) {
    planned->advance(), eager->advance();
    ASSERT_EQ(planned->noise(), eager->noise());
    ASSERT_EQ(weights(planned->parameters()), weights(eager->parameters()));
  }
  EXPECT_TRUE(eager->done());
}
TEST_P(NoisePolicies, IsItsJson) {
  const nlohmann::json json = to_json(policy);
  EXPECT_EQ(to_json(noise_policy_from_json(json)), json);
}
INSTANTIATE_TEST_SUITE_P(Methods, NoisePolicies, testing::Values("em", "tap", "rem", "tue", "cp", "uc"),
                         [](const auto& name) { return name.param; });

TEST_F(Noise, AnotherPolicyDoesNotGoOn) {
  policy = {.rounds = 2};
  const auto file = temporary("file");
  const auto run = classes();
  run->advance();
  run->save(file);
  policy.pgd_steps = 2;
  EXPECT_THAT(error_of([&] { classes()->resume(file); }), HasSubstr("another recipe or policy"));
}

TEST_F(Noise, WhatDoesNotGoTogetherIsRefused) {
  const auto refused = [&](const nlohmann::json& json, const std::string& part) {
    EXPECT_THAT(error_of([&] { noise_policy_from_json(json); }), HasSubstr(part)) << json.dump();
  };
  refused({{"direction", "up"}}, "'up'");
  refused({{"unit", "label"}}, "class");
  refused({{"step_size", 0}}, "step_size");
  refused({{"steps", 3}}, "'steps'");
  refused({{"noise_share", 0}}, "noise_share");
  refused({{"restarts", 2}, {"surrogate_steps", 1}}, "restarts");
  refused({{"attack_radius", 4}}, "belong together");
  refused({{"samples", 2}}, "augment_noise");
  refused({{"unit", "cluster"}}, "belong together");
  refused({{"objective_weight", 0}}, "separability");
  refused({{"objective", "contrastive"}}, "augmented views");
  refused({{"stop_error", 0.1}, {"objective", "contrastive"}, {"augment_noise", true}}, "stop_error");

  policy = {.target_shift = 1};
  EXPECT_THAT(error_of([&] { captions(); }), HasSubstr("learns from captions"));
  policy = {.stop_error = 0.1};
  EXPECT_THAT(error_of([&] { captions(); }), HasSubstr("stop_error"));
  policy = {.shuffle_captions = true};
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("shuffle_captions"));
  policy = {};
  recipe.mixup_alpha = 1;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("mixup_alpha"));
  recipe.mixup_alpha = 0, recipe.cutmix_alpha = 1;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("cutmix_alpha"));
  recipe.cutmix_alpha = 0, recipe.augmentation_policy = AugmentationPolicy::ueraser;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("ueraser"));
  recipe.augmentation_policy = AugmentationPolicy::none, recipe.adversarial_radius = 4;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("adversarial_radius"));
  recipe.adversarial_radius = 0;
  data.labels[5] = -1;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("item5"));
  EXPECT_EQ(error_of([&] { captions(); }), "");
}

TEST_F(Noise, ANumberThatIsNotFiniteStopsBeforeTheNoise) {
  policy = {.rounds = 2};
  const auto run = classes();
  run->advance();
  const std::vector<float> before = run->noise();
  for (Parameter* parameter : run->parameters().all())
    if (parameter->name == "fc.weight")
      parameter->value.assign(std::vector<float>(static_cast<size_t>(parameter->shape.elements()), NAN));
  EXPECT_THAT(error_of([&] { run->advance(); }), HasSubstr("the noise was not changed"));
  EXPECT_EQ(run->noise(), before);
}

}  // namespace
}  // namespace t2ue
