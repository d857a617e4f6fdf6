// Trainers of noise tables on the tiny data, by a policy that a test sets.
#pragma once

#include <t2ue/methods/feature_clusters.hpp>
#include <t2ue/training/noise_trainer.hpp>

#include "training/tiny.hpp"

namespace t2ue::testing_optim {

using testing::HasSubstr;

struct Noise : testing::Test {
  using Classes = NoiseTrainer<Classifier>;
  using Captions = NoiseTrainer<Clip>;
  static constexpr float eps = 8.0f / 255.0f;

  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  NoiseTablePolicy policy;

  std::unique_ptr<Classes> classes(Execution execution = Execution::planned) {
    return std::make_unique<Classes>(tiny_classifier(), policy, eps, recipe, data,
                                     Compute{.execution = execution}, feature_clusters(1));
  }
  std::unique_ptr<Captions> captions(Execution execution = Execution::planned) {
    return std::make_unique<Captions>(tiny_clip(), policy, eps, recipe, data, Compute{.execution = execution},
                                      feature_clusters(1));
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

}  // namespace t2ue::testing_optim
