#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

struct CutMix : TinyClassifierTest {
  CutMix() { recipe.cutmix_alpha = 1.0f; }
};

TEST_F(CutMix, ChangesClassifiersTrainingDeterministically) {
  const auto cut = after(5);
  EXPECT_EQ(after(5), cut);
  EXPECT_EQ(after(5, Execution::eager), cut);
  recipe.cutmix_alpha = 0;
  EXPECT_NE(after(5), cut);
  recipe.mixup_alpha = 1;
  EXPECT_NE(after(5), cut);
}

TEST_F(CutMix, AClassifierStillLearns) {
  EXPECT_LT(last_over_first(), 0.95f);
}

TEST_F(CutMix, IsRefusedForClip) {
  EXPECT_THAT(error_of([&] { ClipTrainer(tiny_clip(), recipe, data); }), HasSubstr("cutmix_alpha"));
}

TEST_F(CutMix, BoxesFollowSeedAndStepAndTheShareIsTheAreaOutside) {
  const int64_t size = 16;
  Batch batch(5, size, 1, {}, true);
  const auto drawn = [&](uint64_t seed, int64_t step) {
    batch.draw_box(1.0f, seed, step);
    return batch.box.to_vector<int32_t>();
  };
  EXPECT_EQ(drawn(1, 2), drawn(1, 2));
  std::set<std::vector<int32_t>> boxes;
  double outside = 0;
  for (int64_t step = 0; step < 400; ++step) {
    const std::vector<int32_t> box = drawn(1, step);
    boxes.insert(box);
    EXPECT_TRUE(0 <= box[0] && box[0] <= box[1] && box[1] <= size) << box[0] << " " << box[1];
    EXPECT_TRUE(0 <= box[2] && box[2] <= box[3] && box[3] <= size) << box[2] << " " << box[3];
    const float area = static_cast<float>((box[1] - box[0]) * (box[3] - box[2]));
    EXPECT_EQ(batch.share.item(), (256.0f - area) / 256.0f);
    EXPECT_NE(batch.shift.to_vector<int32_t>()[0], 0);
    outside += static_cast<double>(batch.share.item()) / 400;
  }
  EXPECT_GT(boxes.size(), 300u);
  // Half of the area on average, less what the border cuts off.
  EXPECT_GT(outside, 0.5);
  EXPECT_LT(outside, 0.8);
}

struct PolicyTraining : testing::TestWithParam<AugmentationPolicy> {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  PolicyTraining() { recipe.augmentation_policy = GetParam(); }
};

TEST_P(PolicyTraining, ResumedRunEndsWithTheSameBits) {
  const auto half = temporary("half");
  ClassifierTrainer whole(tiny_classifier(), recipe, data);
  for (int i = 0; i < 4; ++i) whole.step();
  whole.save(half);
  for (int i = 0; i < 4; ++i) whole.step();
  ClassifierTrainer resumed(tiny_classifier(), recipe, data);
  resumed.resume(half);
  for (int i = 0; i < 4; ++i) resumed.step();
  EXPECT_EQ(weights(resumed.parameters()), weights(whole.parameters()));
  recipe.augmentation_policy = AugmentationPolicy::none;
  ClassifierTrainer plain(tiny_classifier(), recipe, data);
  for (int i = 0; i < 8; ++i) plain.step();
  EXPECT_NE(weights(plain.parameters()), weights(whole.parameters()));
}

TEST_P(PolicyTraining, ChangesThePicturesOfClipToo) {
  const auto loss_of = [&](AugmentationPolicy kind) {
    recipe.augmentation_policy = kind;
    ClipTrainer trainer(tiny_clip(), recipe, data);
    float sum = 0;
    for (int i = 0; i < 3; ++i) sum += trainer.step();
    return sum;
  };
  EXPECT_NE(loss_of(GetParam()), loss_of(AugmentationPolicy::none));
}

TEST_P(PolicyTraining, FillsBatchesByStepAndPlace) {
  const PicturePolicy policy{GetParam(), 9};
  Batch batch(3, data.size, data.context_length, {});
  const std::vector<int64_t> items{4, 0, 7};
  batch.fill(data, items, 0, 5, policy);
  std::vector<uint8_t> expected;
  for (size_t b = 0; b < items.size(); ++b) {
    const auto bytes = data.picture(items[b]);
    std::vector<uint8_t> picture(bytes.begin(), bytes.end());
    policy.apply({picture, data.size, data.size}, 5 * 3 + b);
    expected.insert(expected.end(), picture.begin(), picture.end());
  }
  EXPECT_EQ(batch.images.to_vector<uint8_t>(), expected);
}

INSTANTIATE_TEST_SUITE_P(All, PolicyTraining,
                         testing::Values(AugmentationPolicy::auto_augment, AugmentationPolicy::rand_augment,
                                         AugmentationPolicy::trivial_augment, AugmentationPolicy::ueraser),
                         [](const auto& kind) {
                           std::string text(name_of(kind.param));
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

// Noise is added to pictures as they are: a policy before it would be another order than an attacker's.
TEST(PolicyOrder, GeneratorsRefusePolicies) {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  recipe.augmentation_policy = AugmentationPolicy::auto_augment;
  EXPECT_THAT(error_of([&] {
                BiLevelTrainer<Classifier>(tiny_generator(), tiny_classifier(), {}, recipe, data,
                                           by_class(data));
              }),
              HasSubstr("auto-augment"));
}

}  // namespace
}  // namespace t2ue
