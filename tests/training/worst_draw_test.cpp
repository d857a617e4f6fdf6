// Pictures that are trained on in the worst of several draws of a policy.
#include <set>
#include <t2ue/training/normalised.hpp>
#include <t2ue/training/worst_draw.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

const std::vector<int64_t> some_items{4, 0, 7, 9, 13, 2, 20, 11};
const PicturePolicy some_policy{AugmentationPolicy::ueraser, 3};

struct WorstDraws : TinyClassifierTest {
  static constexpr int draws = 4;
  Batch batch{static_cast<int64_t>(some_items.size()), data.size, data.context_length, {}};

  /// The training's own loss of a single picture in that draw.
  double loss_of(Classifier& model, size_t place, int draw) {
    Batch one(1, data.size, data.context_length, {});
    batch.fill(data, some_items, 0, 5, some_policy, std::vector<int>(some_items.size(), draw));
    const std::vector<uint8_t> all = batch.images.to_vector<uint8_t>();
    const auto bytes = static_cast<int64_t>(data.picture_bytes()), at = static_cast<int64_t>(place) * bytes;
    one.fill(data, std::span(some_items).subspan(place, 1), 0, 5);
    one.images.assign(std::vector<uint8_t>(all.begin() + at, all.begin() + at + bytes));
    Tensor loss;
    Step step([&](Graph& g) {
      const EvalMode eval_mode(g);
      const NoGrad no_grad(g);
      loss = g.output(training_loss(model, normalised(g.input(one.images)), one, false));
    });
    step.run();
    return static_cast<double>(loss.item());
  }
};

TEST_F(WorstDraws, EveryPictureGetsTheDrawOfItsLargestLoss) {
  ClassifierTrainer trainer(tiny_classifier(), recipe, data);
  for (int i = 0; i < 20; ++i) trainer.step();
  WorstDraw<Classifier> worst(trainer.model(), batch, draws,
                              [this](Graph& g) { return normalised(g.input(batch.images)); });
  const std::vector<int> chosen = worst.fill(data, some_items, 0, 5, some_policy);
  const std::vector<uint8_t> filled = batch.images.to_vector<uint8_t>();
  std::set<int> used;
  for (size_t b = 0; b < some_items.size(); ++b) {
    used.insert(chosen[b]);
    const double most = loss_of(trainer.model(), b, chosen[b]);
    for (int draw = 0; draw < draws; ++draw)
      EXPECT_LE(loss_of(trainer.model(), b, draw), most + 1e-5) << "picture " << b << ", draw " << draw;
  }
  EXPECT_GT(used.size(), 1u);
  batch.fill(data, some_items, 0, 5, some_policy, chosen);
  EXPECT_EQ(batch.images.to_vector<uint8_t>(), filled);
}

// CLIP tells a picture from the batch's captions: the loss of a row of their similarities.
TEST_F(WorstDraws, ClipsLossIsThatOfItsCaptionAmongTheBatchs) {
  ClipTrainer trainer(tiny_clip(), recipe, data);
  for (int i = 0; i < 20; ++i) trainer.step();
  WorstDraw<Clip> worst(trainer.model(), batch, draws,
                        [this](Graph& g) { return normalised(g.input(batch.images)); });
  const std::vector<int> chosen = worst.fill(data, some_items, 0, 5, some_policy);
  const double scale = std::exp(static_cast<double>(trainer.model().logit_scale.value.item()));
  std::vector<std::vector<double>> losses;
  for (int draw = 0; draw < draws; ++draw) {
    batch.fill(data, some_items, 0, 5, some_policy, std::vector<int>(some_items.size(), draw));
    Tensor images, texts;
    Step step([&](Graph& g) {
      const EvalMode eval_mode(g);
      const NoGrad no_grad(g);
      images = g.output(trainer.model().encode_image(normalised(g.input(batch.images))));
      texts = g.output(trainer.model().encode_text(g.input(batch.ids), g.input(batch.end)));
    });
    step.run();
    const std::vector<float> image = images.to_vector<float>(), text = texts.to_vector<float>();
    const size_t count = some_items.size(), width = image.size() / count;
    auto& own = losses.emplace_back();
    for (size_t b = 0; b < count; ++b) {
      std::vector<double> score(count);
      double sum = 0;
      for (size_t c = 0; c < count; ++c) {
        for (size_t k = 0; k < width; ++k)
          score[c] +=
              scale * static_cast<double>(image[b * width + k]) * static_cast<double>(text[c * width + k]);
        sum += std::exp(score[c]);
      }
      own.push_back(std::log(sum) - score[b]);
    }
  }
  std::set<int> used(chosen.begin(), chosen.end());
  EXPECT_GT(used.size(), 1u);
  for (size_t b = 0; b < some_items.size(); ++b)
    for (const auto& of_draw : losses)
      EXPECT_LE(of_draw[b], losses[static_cast<size_t>(chosen[b])][b] + 1e-5) << "picture " << b;
}

TEST_F(WorstDraws, AreOfTheirOwnDraws) {
  batch.fill(data, some_items, 0, 5, some_policy);
  const std::vector<uint8_t> first = batch.images.to_vector<uint8_t>();
  batch.fill(data, some_items, 0, 5, some_policy, std::vector<int>(some_items.size(), 0));
  EXPECT_EQ(batch.images.to_vector<uint8_t>(), first);
  std::vector<int> one(some_items.size(), 0);
  one[2] = 3;
  batch.fill(data, some_items, 0, 5, some_policy, one);
  const std::vector<uint8_t> other = batch.images.to_vector<uint8_t>();
  const size_t bytes = data.picture_bytes();
  for (size_t b = 0; b < some_items.size(); ++b)
    EXPECT_EQ(std::equal(first.begin() + static_cast<int64_t>(b * bytes),
                         first.begin() + static_cast<int64_t>((b + 1) * bytes),
                         other.begin() + static_cast<int64_t>(b * bytes)),
              b != 2)
        << b;
  EXPECT_THAT(error_of([&] { batch.fill(data, some_items, 0, 5, some_policy, std::vector<int>(3, 1)); }),
              HasSubstr("3 draws for 8 pictures"));
}

TEST_F(WorstDraws, ResumedRunEndsWithTheSameBits) {
  recipe.augmentation_policy = AugmentationPolicy::ueraser;
  const std::vector<float> one_draw = after(8);
  recipe.augmentation_draws = draws;
  const auto half = temporary("half");
  ClassifierTrainer first(tiny_classifier(), recipe, data);
  for (int i = 0; i < 4; ++i) first.step();
  first.save(half);
  ClassifierTrainer resumed(tiny_classifier(), recipe, data);
  resumed.resume(half);
  for (int i = 0; i < 4; ++i) resumed.step();
  EXPECT_EQ(weights(resumed.parameters()), after(8));
  EXPECT_EQ(after(8), after(8, Execution::eager));
  EXPECT_NE(after(8), one_draw);
}

TEST_F(WorstDraws, IsAMemberOfTheRecipe) {
  recipe.augmentation_policy = AugmentationPolicy::trivial_augment, recipe.augmentation_draws = 3;
  EXPECT_EQ(train_recipe_from_json(to_json(recipe)).augmentation_draws, 3);
  EXPECT_FALSE(to_json(TrainRecipe{}).contains("augmentation_draws")) << "hashes of older recipes stay";
  EXPECT_THAT(error_of([] {
                train_recipe_from_json({{"augmentation_draws", 3}});
              }),
              HasSubstr("wants an augmentation_policy"));
  EXPECT_THAT(error_of([] {
                train_recipe_from_json(
                    {{"augmentation_draws", 3}, {"augmentation_policy", "ueraser"}, {"cutmix_alpha", 1.0}});
              }),
              HasSubstr("CutMix"));
}

}  // namespace
}  // namespace t2ue
