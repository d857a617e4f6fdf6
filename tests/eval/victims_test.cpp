#include <t2ue/eval/victims.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;

/// With a decay near 1 the average hardly leaves the first weights, and without running statistics nothing
/// else decides what a victim scores.
struct AveragedVictim : testing::Test {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  ClipConfig config = tiny_clip();
  AveragedVictim() {
    recipe.epochs = 6;
    config.resnet.reset();
    config.vit = VisionTransformerConfig{8, 4, {32, 2, 1, Activation::quick_gelu, false}, 8};
  }

  struct Outcome {
    VictimRun run;
    float moved = 0;  ///< the farthest that a weight is from its start when the trainer is handed on
    bool scores_change() const {
      return std::any_of(run.epochs.begin(), run.epochs.end(), [&](const VictimEpoch& epoch) {
        return epoch.validation != run.epochs[0].validation || epoch.scores != run.epochs[0].scores;
      });
    }
  };
  Outcome train(float decay) {
    recipe.ema_decay = decay;
    VictimTask task;
    task.test = task.validation = &data;
    const std::vector<float> first =
        ClipTrainer(config, recipe, data).parameters().values().to_vector<float>();
    Outcome outcome;
    outcome.run = run_clip_victim(config, recipe, data, task, [&](ClipTrainer& trainer) {
      const std::vector<float> now = trainer.parameters().values().to_vector<float>();
      for (size_t i = 0; i < now.size(); ++i)
        outcome.moved = std::max(outcome.moved, std::abs(now[i] - first[i]));
    });
    return outcome;
  }
};

TEST_F(AveragedVictim, IsMeasuredAndHandedOnWithTheAverage) {
  const Outcome plain = train(0), averaged = train(0.999999f);
  EXPECT_TRUE(plain.scores_change());
  EXPECT_GT(plain.moved, 1e-3f);
  EXPECT_FALSE(averaged.scores_change());
  EXPECT_LT(averaged.moved, 1e-5f);
  ASSERT_EQ(averaged.run.epochs.size(), plain.run.epochs.size());
  for (size_t i = 0; i < plain.run.epochs.size(); ++i)
    EXPECT_EQ(averaged.run.epochs[i].loss, plain.run.epochs[i].loss) << "training itself is the same";
}

}  // namespace
}  // namespace t2ue
