#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

template <class Model>
auto config_of() {
  if constexpr (std::is_same_v<Model, Clip>)
    return tiny_clip();
  else
    return tiny_classifier();
}

template <class Model>
struct TrainerTest : testing::Test {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  using T = Trainer<Model>;

  std::vector<float> after(int steps, Execution execution = Execution::planned) {
    T trainer(config_of<Model>(), recipe, data, {.execution = execution});
    for (int i = 0; i < steps; ++i) trainer.step();
    return weights(trainer.parameters());
  }
};
using Models = testing::Types<Clip, Classifier>;
TYPED_TEST_SUITE(TrainerTest, Models);

TYPED_TEST(TrainerTest, LossFalls) {
  typename TestFixture::T trainer(config_of<TypeParam>(), this->recipe, this->data);
  EXPECT_EQ(trainer.total_steps(), 30);
  float first = 0, last = 0;
  for (int i = 0; !trainer.done(); ++i) {
    const float loss = trainer.step();
    if (i < 3) first += loss;
    if (i >= 27) last += loss;
  }
  EXPECT_LT(last, 0.7f * first);
  EXPECT_THAT(error_of([&] { trainer.step(); }), HasSubstr("30 steps are done"));
}

TYPED_TEST(TrainerTest, SameSeedSameBitsInBothExecutions) {
  const auto planned = this->after(5);
  EXPECT_EQ(this->after(5), planned);
  EXPECT_EQ(this->after(5, Execution::eager), planned);
  this->recipe.seed = 8;
  EXPECT_NE(this->after(5), planned) << "the seed is not used";
}

TYPED_TEST(TrainerTest, ResumedRunEndsWithTheSameFile) {
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  {
    typename TestFixture::T trainer(config_of<TypeParam>(), this->recipe, this->data);
    for (int i = 0; i < 11; ++i) {
      if (i == 4) trainer.save(half, {{"note", 3}});
      trainer.step();
    }
    trainer.save(whole);
  }
  typename TestFixture::T trainer(config_of<TypeParam>(), this->recipe, this->data);
  EXPECT_EQ(trainer.resume(half).at("note"), 3);
  EXPECT_EQ(trainer.steps(), 4);
  while (trainer.steps() < 11) trainer.step();
  trainer.save(resumed);
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
}

TYPED_TEST(TrainerTest, RefusesAnotherRecipesCheckpoint) {
  const auto path = temporary("file");
  typename TestFixture::T(config_of<TypeParam>(), this->recipe, this->data).save(path);
  this->recipe.learning_rate *= 2;
  typename TestFixture::T other(config_of<TypeParam>(), this->recipe, this->data);
  EXPECT_THAT(error_of([&] { other.resume(path); }), HasSubstr("another recipe"));
}

TYPED_TEST(TrainerTest, NonFiniteLossStopsBeforeTheWeights) {
  this->recipe.learning_rate = 1e38f;
  typename TestFixture::T trainer(config_of<TypeParam>(), this->recipe, this->data);
  std::string error;
  std::vector<float> before;
  for (int i = 0; i < 20 && error.empty(); ++i) {
    before = trainer.parameters().values().template to_vector<float>();
    error = error_of([&] { trainer.step(); });
  }
  EXPECT_THAT(error, HasSubstr(concat("step ", trainer.steps())));
  const auto now = trainer.parameters().values().template to_vector<float>();
  EXPECT_EQ(std::memcmp(now.data(), before.data(), now.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace t2ue
