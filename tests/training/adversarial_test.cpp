// Attacks inside a training step, and victims that train against them.
#include <t2ue/training/adversarial.hpp>
#include <t2ue/training/normalised.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

constexpr float radius = 8.0f / 255.0f;

struct Adversarial : testing::Test {
  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();

  /// The loss of a trained classifier on the first eight pictures, with and without an attack.
  std::pair<float, float> losses(const AttackOptions& options, Tensor* attack_noise = nullptr) {
    ClassifierTrainer trainer(tiny_classifier(), recipe, data);
    while (!trainer.done()) trainer.step();
    Batch batch(8, data.size, data.context_length, {});
    batch.fill(data, shuffled_order(8, 1, 0), 0, 0);
    const auto loss = [&](Graph& g, const Var& attack) {
      const EvalMode eval_mode(g);
      const Var seen = attacked(normalised(g.input(batch.images)), attack, pixel_norm);
      return training_loss(trainer.model(), seen, batch, false);
    };
    BatchAttack attack(batch.images.shape(), options, loss);
    Tensor result;
    Step step([&](Graph& g) {
      const NoGrad no_grad(g);
      result = g.output(loss(g, g.input(attack.noise())));
    });
    step.run();
    const float before = result.item();
    attack.run();
    const std::vector<float> first = attack.noise().to_vector<float>();
    attack.run();
    EXPECT_EQ(attack.noise().to_vector<float>(), first) << "each begins at zero";
    step.run();
    if (attack_noise) *attack_noise = attack.noise();
    return {before, result.item()};
  }
};

TEST_F(Adversarial, AttackRaisesTheLossWithinItsRadius) {
  Tensor noise;
  const auto [plain, worst] = losses({radius, 0.25f * radius, 8}, &noise);
  EXPECT_GT(worst, 1.1f * plain);
  float largest = 0;
  for (const float value : noise.to_vector<float>()) largest = std::max(largest, std::abs(value));
  EXPECT_EQ(largest, radius);
}

TEST_F(Adversarial, AttackIsInPixelUnitsWhateverTheNormalisation) {
  const Tensor pixels = Tensor::zeros({1, 2, 2, 3}),
               attack = Tensor::of(std::vector<float>(12, radius), {1, 2, 2, 3});
  Tensor result;
  Step step([&](Graph& g) { result = g.output(attacked(g.input(pixels), g.input(attack), pixel_norm)); });
  step.run();
  const std::vector<float> values = result.to_vector<float>();
  for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(values[i], radius / pixel_norm.std[i % 3], 1e-6f);
}

TEST_F(Adversarial, OptionsOutOfRangeAreRefused) {
  for (const AttackOptions& options : {AttackOptions{0, 0.1f, 1}, AttackOptions{0.1f, 0, 1},
                                       AttackOptions{0.1f, 0.1f, 0}, AttackOptions{2, 0.1f, 1}})
    EXPECT_THAT(error_of([&] { losses(options); }), HasSubstr("pixel units"));
}

TEST_F(Adversarial, TrainingAgainstAttacksMakesThemWeaker) {
  const AttackOptions options{radius, 0.25f * radius, 8};
  recipe.epochs = 30;
  const float plain = losses(options).second;
  recipe.adversarial_radius = 8, recipe.adversarial_steps = 4;
  EXPECT_LT(losses(options).second, plain);
}

TEST_F(Adversarial, ResumesAndIsPlannedAsItIsEager) {
  recipe.adversarial_radius = 4, recipe.adversarial_steps = 2, recipe.epochs = 2;
  ClassifierTrainer planned(tiny_classifier(), recipe, data),
      eager(tiny_classifier(), recipe, data, {.execution = Execution::eager}),
      resumed(tiny_classifier(), recipe, data);
  const auto half = temporary("half");
  while (!planned.done()) {
    if (planned.steps() == 3) planned.save(half);
    ASSERT_EQ(planned.step(), eager.step());
  }
  resumed.resume(half);
  while (!resumed.done()) resumed.step();
  EXPECT_EQ(weights(eager.parameters()), weights(planned.parameters()));
  EXPECT_EQ(weights(resumed.parameters()), weights(planned.parameters()));
  recipe.adversarial_radius = 0;
  ClassifierTrainer other(tiny_classifier(), recipe, data);
  EXPECT_THAT(error_of([&] { other.resume(half); }), HasSubstr("another recipe"));
}

TEST_F(Adversarial, ClipTrainsAgainstAttacksToo) {
  recipe.adversarial_radius = 4, recipe.adversarial_steps = 2;
  ClipTrainer trainer(tiny_clip(), recipe, data);
  const float first = trainer.step();
  float last = first;
  while (!trainer.done()) last = trainer.step();
  EXPECT_LT(last, first);
}

}  // namespace
}  // namespace t2ue
