// Noise tables against surrogates: that losses go where the policy sends them, within bounds.
#include "training/noise_fixture.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;

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
  recipe.translation = 0, recipe.flip = false;
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

}  // namespace
}  // namespace t2ue
