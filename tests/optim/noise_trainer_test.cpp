// Noise tables against surrogates: that losses go where the policy sends them, within bounds, resumably.
#include <nlohmann/json.hpp>
#include <t2ue/methods/feature_clusters.hpp>
#include <t2ue/optim/noise_trainer.hpp>

#include "optim/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;
using Classes = NoiseTrainer<Classifier>;
using Captions = NoiseTrainer<Clip>;

constexpr float eps = 8.0f / 255.0f;

struct Noise : testing::Test {
  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  NoiseTablePolicy policy;

  std::unique_ptr<Classes> classes(Execution execution = Execution::planned) {
    return std::make_unique<Classes>(tiny_classifier(), policy, eps, recipe, data, Device{}, execution,
                                     Precision::fp32, feature_clusters(1));
  }
  std::unique_ptr<Captions> captions(Execution execution = Execution::planned) {
    return std::make_unique<Captions>(tiny_clip(), policy, eps, recipe, data, Device{}, execution,
                                      Precision::fp32, feature_clusters(1));
  }
  /// Every value within eps, and for items within what their picture leaves.
  template <class Trainer>
  void expect_bounds(const Trainer& run) {
    const std::vector<float> noise = run.noise();
    const size_t size = data.picture_bytes();
    ASSERT_EQ(noise.size(), static_cast<size_t>(run.table().rows()) * size);
    for (size_t i = 0; i < noise.size(); ++i) {
      ASSERT_LE(std::abs(noise[i]), eps);
      if (policy.unit != NoiseUnit::sample || policy.start == NoiseStart::uniform) continue;
      const float sum = static_cast<float>(data.pixels[i]) * (1.0f / 255.0f) + noise[i];
      ASSERT_TRUE(sum >= 0.0f && sum <= 1.0f) << i;
    }
  }
};

TEST_F(Noise, FallsForMinRisesForMaxAndKeepsItsBoundsAfterEveryRound) {
  policy = {.pretrain_epochs = 10, .rounds = 8, .pgd_steps = 2, .step_size = 1};
  for (const NoiseDirection direction : {NoiseDirection::min, NoiseDirection::max}) {
    policy.direction = direction;
    const auto run = classes();
    while (run->units() < 10) run->advance();
    const float first = run->advance().noise;
    float last = first;
    while (!run->done()) {
      last = run->advance().noise;
      expect_bounds(*run);
    }
    if (direction == NoiseDirection::min)
      EXPECT_LT(last, 0.95f * first);
    else
      EXPECT_GT(last, 1.1f * first);
  }
}

TEST_F(Noise, AlternatingMakesAShortcutThatTheSurrogateTakes) {
  // Pictures that say nothing of their class: what is learned is the noise.
  Random random(9, Purpose::test);
  for (uint8_t& pixel : data.pixels) pixel = static_cast<uint8_t>(100 + random.below(50));
  recipe.shift = 0, recipe.flip = false;
  policy = {.unit = NoiseUnit::label, .rounds = 30, .surrogate_steps = 5, .stop_error = 0.01};
  const auto run = classes();
  double error = 1;
  while (!run->done()) error = run->advance().error;
  EXPECT_LT(error, 0.01) << "classes are told by their noise";
  EXPECT_EQ(run->units(), run->total_units());
  expect_bounds(*run);
}

TEST_F(Noise, StopsOnceTheErrorIsReached) {
  policy = {.rounds = 50, .surrogate_steps = 3, .stop_error = 1};
  const auto run = classes();
  EXPECT_LT(run->advance().error, 1.0);
  EXPECT_TRUE(run->done()) << "any error below 1 is good enough";
}

TEST_F(Noise, AClassHasOneNoiseAndAnItemItsOwn) {
  policy = {.unit = NoiseUnit::label, .rounds = 2, .surrogate_steps = 2};
  const auto by_label = classes();
  while (!by_label->done()) by_label->advance();
  EXPECT_EQ(by_label->table().rows(), 4);
  EXPECT_EQ(by_label->row_of_item(), data.labels);
  const std::vector<float> noise = by_label->noise();
  for (size_t row = 1; row < 4; ++row)
    EXPECT_NE(std::vector<float>(noise.begin(), noise.begin() + 192),
              std::vector<float>(noise.begin() + static_cast<int64_t>(row) * 192,
                                 noise.begin() + static_cast<int64_t>(row + 1) * 192));
  policy.unit = NoiseUnit::sample;
  EXPECT_EQ(classes()->table().rows(), 24);
}

TEST_F(Noise, TargetsAreTheLabelsThatFollow) {
  // The same surrogate, and pictures labelled (y+1) mod 4 from the start: the same steps of the noise.
  policy = {.rounds = 3, .pgd_steps = 2};
  PairDataset shifted = data;
  for (int32_t& label : shifted.labels) label = (label + 1) % 4;
  policy.target_shift = 1;
  const auto targeted = classes();
  policy.target_shift = 0;
  Classes labelled(tiny_classifier(), policy, eps, recipe, shifted);
  const auto untargeted = classes();
  while (!targeted->done()) targeted->advance(), labelled.advance(), untargeted->advance();
  EXPECT_EQ(targeted->noise(), labelled.noise());
  EXPECT_NE(targeted->noise(), untargeted->noise());
}

TEST_F(Noise, EveryItemIsVisitedThoughTheLastBatchIsShort) {
  recipe.batch = 9;
  policy = {.rounds = 1, .step_size = 1};
  const auto run = classes();
  run->advance();
  const std::vector<float> noise = run->noise();
  for (size_t item = 0; item < 24; ++item)
    EXPECT_TRUE(std::any_of(noise.begin() + static_cast<int64_t>(item * 192),
                            noise.begin() + static_cast<int64_t>((item + 1) * 192),
                            [](float value) { return value != 0; }))
        << item;
  policy.noise_share = 0.3;
  const auto part = classes();
  part->advance();
  size_t moved = 0;
  const std::vector<float> some = part->noise();
  for (size_t item = 0; item < 24; ++item) moved += some[item * 192] != 0 || some[item * 192 + 7] != 0;
  EXPECT_EQ(moved, 9u) << "one batch of three";
}

TEST_F(Noise, TheBestRestartIsKept) {
  policy = {.start = NoiseStart::uniform, .rounds = 2, .step_size = 0.01f, .restarts = 4};
  const auto run = classes();
  std::vector<std::pair<float, std::vector<float>>> ends;
  while (!run->done()) {
    run->advance();
    const float last = run->advance().noise;
    ends.emplace_back(last, run->table().values().to_floats());
  }
  ASSERT_EQ(ends.size(), 4u);
  EXPECT_EQ(run->noise(), std::min_element(ends.begin(), ends.end())->second);
  EXPECT_NE(ends[0].second, ends[1].second);
}

TEST_F(Noise, AnAttackInsideRaisesTheLossItIsTrainedOn) {
  const auto last_loss = [&] {
    const auto run = classes();
    Classes::Losses losses;
    while (!run->done()) losses = run->advance();
    expect_bounds(*run);
    return losses;
  };
  policy = {.rounds = 6,
            .surrogate_steps = 1,
            .noise_first = true,
            .noise_batches = 1,
            .pgd_steps = 2,
            .step_size = 1.6f,
            .final_passes = 1,
            .augment_noise = true,
            .samples = 2,
            .decay_every = 4};
  const Classes::Losses plain = last_loss();
  policy.attack_radius = 4, policy.attack_steps = 3, policy.attack_step_size = 2;
  EXPECT_GT(last_loss().noise, plain.noise);
}

TEST_F(Noise, ContrastiveNoiseBringsViewsTogether) {
  recipe.min_area = 0.5f;
  policy = {.objective = NoiseObjective::contrastive,
            .rounds = 12,
            .pgd_steps = 2,
            .surrogate_mode = SurrogateMode::training,
            .augment_noise = true};
  const auto run = classes();
  const float first = run->advance().noise;
  float last = first;
  while (!run->done()) last = run->advance().noise;
  EXPECT_LT(last, first);
  expect_bounds(*run);
}

TEST_F(Noise, SeparabilityAloneTellsClassesApartWhateverThePictures) {
  policy = {.start = NoiseStart::uniform, .rounds = 20, .objective_weight = 0, .separability = 0.1f};
  const auto run = classes();
  const float first = run->advance().noise;
  float last = first;
  while (!run->done()) last = run->advance().noise;
  EXPECT_LT(last, 0.5f * first);
  PairDataset other = data;
  for (uint8_t& pixel : other.pixels) pixel = 128;
  for (uint8_t& pixel : data.pixels) pixel = 127;
  const auto grey = classes();
  Classes same(tiny_classifier(), policy, eps, recipe, other);
  while (!grey->done()) grey->advance(), same.advance();
  EXPECT_EQ(grey->noise(), same.noise());
}

TEST_F(Noise, ClustersMoveTowardsTheNextCentre) {
  policy = {.objective = NoiseObjective::clusters,
            .unit = NoiseUnit::cluster,
            .target_shift = 1,
            .clusters = 3,
            .pretrain_epochs = 4,
            .rounds = 10};
  const auto run = classes();
  while (run->units() < 5) run->advance();
  const float first = run->advance().noise;
  float last = first;
  while (!run->done()) last = run->advance().noise;
  EXPECT_LT(last, first);
  EXPECT_EQ(run->table().rows(), 3);
  std::set<int32_t> used(run->row_of_item().begin(), run->row_of_item().end());
  EXPECT_EQ(used.size(), 3u);
  expect_bounds(*run);
}

TEST_F(Noise, ClusterLossIsTheCrossEntropyOfTwoSoftmaxes) {
  // No noise yet, and a surrogate that does not train: the loss from features and centres by hand.
  policy = {.objective = NoiseObjective::clusters,
            .unit = NoiseUnit::cluster,
            .target_shift = 1,
            .clusters = 2,
            .rounds = 1};
  const auto run = classes();
  const float loss = run->advance().noise;
  Classifier model(tiny_classifier());
  ParameterSet parameters(model, recipe.seed);
  DatasetPass pass(data, class_logits(model), 8);
  const std::vector<float> features = pass.run();
  const ItemClusters clusters = feature_clusters(1)(features, 4, 2);
  const auto softmax = [](const float* x) {
    double sum = 0;
    std::vector<double> p;
    for (int j = 0; j < 4; ++j) sum += p.emplace_back(std::exp(static_cast<double>(x[j])));
    for (double& value : p) value /= sum;
    return p;
  };
  double expected = 0;
  for (size_t i = 0; i < 24; ++i) {
    const auto p = softmax(clusters.centres.data() + (1 - clusters.cluster_of_item[i]) * 4);
    const auto q = softmax(features.data() + i * 4);
    for (size_t j = 0; j < 4; ++j) expected -= p[j] * std::log(q[j]) / 24;
  }
  EXPECT_NEAR(loss, expected, 0.05) << "the noise moves between batches by 0.8/255";
}

TEST_F(Noise, CaptionsTrainClipAndTheNoiseFallsOrRises) {
  recipe.batch = 24;  // all of them: the loss depends on who is in the batch
  policy = {.rounds = 6, .surrogate_steps = 2, .pgd_steps = 4, .step_size = 1};
  for (const NoiseDirection direction : {NoiseDirection::min, NoiseDirection::max}) {
    policy.direction = direction;
    policy.surrogate_steps = direction == NoiseDirection::min ? 2 : 0;
    policy.pretrain_epochs = direction == NoiseDirection::min ? 0 : 20;
    const auto run = captions();
    while (run->units() < policy.pretrain_epochs) run->advance();
    const float first = run->advance().noise;
    float last = first;
    while (!run->done()) last = run->advance().noise;
    EXPECT_EQ(last > first, direction == NoiseDirection::max) << first << " to " << last;
    expect_bounds(*run);
  }
}

TEST_F(Noise, ShuffledCaptionsAreDrawnAnewEveryStep) {
  policy = {.rounds = 1, .pgd_steps = 2};
  const auto paired = captions();
  paired->advance();
  policy.shuffle_captions = true;
  const auto shuffled = captions(), again = captions();
  shuffled->advance(), again->advance();
  EXPECT_NE(shuffled->noise(), paired->noise());
  EXPECT_EQ(shuffled->noise(), again->noise());
}

TEST_F(Noise, TriggersStandInFrontOfTheirOwnItemsCaptions) {
  NoiseBatch batch(data, 4, {});
  const std::vector<int64_t> items{5, 2, 9};
  std::vector<int32_t> triggers;
  for (int i = 0; i < 24; ++i) triggers.insert(triggers.end(), {100 + i, 200 + i});
  batch.fill(items, 0, {});
  const auto ids = [&] { return batch.tensors().ids.to_vector<int32_t>(); };
  const std::vector<int32_t> plain = ids();
  batch.show_captions({}, 0);
  EXPECT_EQ(ids(), plain);
  batch.show_captions(triggers, 2);
  const std::vector<int32_t> shown = ids();
  EXPECT_THAT(std::vector<int32_t>(shown.begin() + 6, shown.begin() + 12),
              testing::ElementsAre(18, 102, 202, 3, 7, 19))
      << "start, trigger, the two words, end";
  EXPECT_EQ(batch.tensors().end.to_vector<int32_t>()[1], 5);
  batch.shuffle_captions(1, 1);
  batch.show_captions(triggers, 2);
  std::multiset<int32_t> words, before{plain[1], plain[7], plain[13]};
  for (size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(ids()[b * 6 + 1], 100 + items[b]) << "triggers stay";
    words.insert(ids()[b * 6 + 3]);
  }
  EXPECT_EQ(words, before) << "captions change places";
}

TEST_F(Noise, CaptionsThatNoLongerFitKeepTheirEnd) {
  NoiseBatch batch(data, 2, {});
  batch.fill(std::vector<int64_t>{1, 3}, 0, {});
  batch.show_captions(std::vector<int32_t>(24 * 3, 7), 3);
  EXPECT_THAT(batch.tensors().ids.to_vector<int32_t>(),
              testing::ElementsAre(18, 7, 7, 7, 2, 19, 18, 7, 7, 7, 4, 19));
  EXPECT_THAT(batch.tensors().end.to_vector<int32_t>(), testing::ElementsAre(5, 5));
}

TEST_F(Noise, TheTriggerSearchLowersTheBatchsLoss) {
  Clip model(tiny_clip());
  ParameterSet parameters(model, 3);
  NoiseBatch batch(data, 8, {});
  batch.fill(std::vector<int64_t>{0, 1, 2, 3, 9, 11, 14, 16}, 0, {});
  TriggerSearch search(model, batch, 2, 5, caption_marks(data), [&](Graph& g) {
    PerturbOptions options;
    options.norm = pixel_norm;
    return perturb(g.input(batch.tensors().images), {}, options);
  });
  std::vector<int32_t> triggers(48, 7);
  const std::vector<int32_t> before = triggers;
  const float first = search.run(triggers);
  float last = first;
  for (int again = 0; again < 4; ++again) {
    const float loss = search.run(triggers);
    EXPECT_LE(loss, last) << "what does not help is put back";
    last = loss;
  }
  for (size_t i = 0; i < 48; ++i) {
    const std::vector<int64_t>& shown = batch.items();
    if (std::find(shown.begin(), shown.end(), static_cast<int64_t>(i / 2)) == shown.end()) {
      EXPECT_EQ(triggers[i], before[i]);
    }
    EXPECT_NE(triggers[i], 0);
    EXPECT_NE(triggers[i], 18);
    EXPECT_NE(triggers[i], 19);
  }
  EXPECT_NE(triggers, before);
}

TEST_F(Noise, MemResumesWithItsTriggers) {
  policy = {.rounds = 4,
            .surrogate_steps = 2,
            .pgd_steps = 2,
            .shuffle_captions = true,
            .trigger_tokens = 2,
            .trigger_rounds = 3,
            .trigger_candidates = 4};
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  const auto run = captions(), eager = captions(Execution::eager);
  const std::vector<int32_t> drawn = run->triggers();
  while (!run->done()) {
    if (run->units() == 2) run->save(half);
    run->advance(), eager->advance();
  }
  run->save(whole);
  const auto again = captions();
  again->resume(half);
  while (!again->done()) again->advance();
  again->save(resumed);
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
  EXPECT_EQ(eager->noise(), run->noise());
  EXPECT_EQ(eager->triggers(), run->triggers());
  EXPECT_NE(run->triggers(), drawn);
  policy.trigger_tokens = 4;
  EXPECT_THAT(error_of([&] { captions(); }), HasSubstr("6 tokens"));
}

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
  recipe.cutmix_alpha = 0, recipe.policy = PolicyKind::ueraser;
  EXPECT_THAT(error_of([&] { classes(); }), HasSubstr("ueraser"));
  recipe.policy = PolicyKind::none, recipe.adversarial_radius = 4;
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
