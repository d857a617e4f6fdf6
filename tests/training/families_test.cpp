// Every architecture learns.
#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;

TEST(ClassifierFamilies, Learn) {
  const PairDataset data = tiny_data();
  const std::vector<ClassifierConfig> configs{
      {"resnet with bottlenecks", 8, 4, ResNetConfig{{4, 8}, {1, 1}, 1, false, true}},
      {"vgg", 8, 4, VggConfig{{8, 16}, {1, 1}, true, 0}},
      {"vgg with hidden layers", 8, 4, VggConfig{{8, 16}, {1, 1}, false, 16}},
      {"googlenet", 8, 4, GoogLeNetConfig{false, 8}},
      {"densenet", 8, 4, DenseNetConfig{4, {2, 2}, 8, false}},
      {"vit", 8, 4, VitConfig{4, 16, 2, 2}}};
  for (const ClassifierConfig& config : configs) {
    TrainRecipe recipe = tiny_recipe();
    recipe.epochs = 20;
    ClassifierTrainer trainer(config, recipe, data);
    float first = 0, last = 0;
    for (int64_t i = 0; !trainer.done(); ++i) {
      const float loss = trainer.step();
      if (i < 3) first += loss / 3;
      if (i >= trainer.total_steps() - 3) last += loss / 3;
    }
    EXPECT_LT(last, 0.6f * first) << config.name;
  }
}

}  // namespace
}  // namespace t2ue
