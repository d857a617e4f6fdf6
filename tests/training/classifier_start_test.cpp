#include <emulation/backend.hpp>
#include <t2ue/training/classifier_start.hpp>
#include <t2ue/training/features.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing_errors::expect_error;

/// A classifier that a file holds after some steps.
struct ClassifierStartTest : testing::Test {
  const PairDataset data = tiny_data();
  const ClassifierConfig config = tiny_classifier();
  const std::filesystem::path file = temporary("start.safetensors");

  ClassifierStartTest() {
    ClassifierTrainer trainer(config, tiny_recipe(), data);
    for (int i = 0; i < 6; ++i) trainer.step();
    save_classifier(file, config, trainer.parameters(), data.label_names, {});
  }
  ~ClassifierStartTest() override { std::filesystem::remove(file); }

  std::unique_ptr<ClassifierTrainer> begin(StartMode mode, const PairDataset& on) const {
    TrainRecipe recipe = tiny_recipe();
    recipe.seed = 99;
    recipe.learning_rate = 0.03f;
    recipe.optimizer.weight_decay = 0.1f;
    ClassifierConfig ours = config;
    ours.outputs = static_cast<int64_t>(on.label_names.size());
    return classifier_trainer(ours, {mode, file}, recipe, on);
  }
  PairDataset other_classes() const {
    PairDataset other = data;
    other.label_names = {"a", "b", "c", "d", "e"};
    return other;
  }
};

/// The numbers of every parameter and statistic by name.
std::map<std::string, std::vector<float>> numbers(const ParameterSet& parameters) {
  std::map<std::string, std::vector<float>> all;
  for (const Parameter* parameter : parameters.all())
    all[parameter->name] = parameter->value.to_vector<float>();
  return all;
}

TEST_F(ClassifierStartTest, FineTuningGoesOnFromTheFile) {
  const auto trainer = begin(StartMode::finetune, data);
  const auto in_file = numbers(*load_classifier(file).parameters);
  EXPECT_EQ(numbers(trainer->parameters()), in_file);
  trainer->step();
  for (const auto& [name, values] : numbers(trainer->parameters()))
    EXPECT_NE(values, in_file.at(name)) << name << " does not train";
}

TEST_F(ClassifierStartTest, OtherClassesGetALastLayerOfTheirOwn) {
  const PairDataset other = other_classes();
  const auto trainer = begin(StartMode::finetune, other);
  const auto in_file = numbers(*load_classifier(file).parameters);
  for (const auto& [name, values] : numbers(trainer->parameters())) {
    if (name.starts_with("fc.")) continue;
    EXPECT_EQ(values, in_file.at(name)) << name;
  }
  EXPECT_EQ(trainer->model().head().weight.shape, (Shape{5, 16}));
  trainer->step();

  // As many classes under other names are others, too.
  PairDataset renamed = data;
  std::swap(renamed.label_names[0], renamed.label_names[1]);
  EXPECT_NE(numbers(begin(StartMode::finetune, renamed)->parameters()).at("fc.weight"),
            in_file.at("fc.weight"));
}

TEST_F(ClassifierStartTest, ProbeTrainsNothingButTheLastLayer) {
  const auto trainer = begin(StartMode::probe, data);
  const auto in_file = numbers(*load_classifier(file).parameters), before = numbers(trainer->parameters());
  EXPECT_NE(before.at("fc.weight"), in_file.at("fc.weight"));
  DatasetPass features(
      data, [&](Graph&, const Var& x, const Batch&) { return trainer->model().features(x); }, 8);
  const std::vector<float> first_features = features.run();
  float first = 0, last = 0;
  for (int i = 0; i < 30; ++i) {
    last = trainer->step();
    if (i == 0) first = last;
  }
  EXPECT_LT(last, 0.8f * first);
  for (const auto& [name, values] : numbers(trainer->parameters())) {
    if (name.starts_with("fc."))
      EXPECT_NE(values, before.at(name)) << name;
    else
      EXPECT_EQ(values, in_file.at(name)) << name << ", which decay must not reach either";
  }
  EXPECT_EQ(features.run(), first_features);
}

TEST_F(ClassifierStartTest, ProbeReadsTheFilesStatisticsInBf16AsWell) {
  const Device device = emulation::device();
  const auto trainer = classifier_trainer(config, {StartMode::probe, file}, tiny_recipe(), data,
                                          {.device = device, .precision = Precision::bf16});
  const auto before = numbers(trainer->parameters());
  for (int i = 0; i < 3; ++i) trainer->step();
  for (const auto& [name, values] : numbers(trainer->parameters()))
    EXPECT_EQ(values == before.at(name), !name.starts_with("fc.")) << name;
}

TEST_F(ClassifierStartTest, ResumedProbeEndsWithTheSameBits) {
  const std::filesystem::path checkpoint = temporary("checkpoint");
  const auto whole = begin(StartMode::probe, data), half = begin(StartMode::probe, data);
  for (int i = 0; i < 6; ++i) whole->step();
  for (int i = 0; i < 3; ++i) half->step();
  half->save(checkpoint);
  const auto resumed = begin(StartMode::probe, data);
  resumed->resume(checkpoint);
  for (int i = 0; i < 3; ++i) resumed->step();
  EXPECT_EQ(weights(resumed->parameters()), weights(whole->parameters()));
  std::filesystem::remove(checkpoint);
}

TEST_F(ClassifierStartTest, RefusesWhatDoesNotFit) {
  const auto trainer = [&](const ClassifierConfig& wanted, const ClassifierStart& start) {
    return [=, this] { classifier_trainer(wanted, start, tiny_recipe(), data); };
  };
  expect_error(trainer(config, {StartMode::probe, {}}), {"'probe'", "none is named"});
  expect_error(trainer(config, {StartMode::finetune, {}}), {"'finetune'", "none is named"});
  expect_error(trainer(config, {StartMode::scratch, file}), {"'scratch'", file.filename().string()});
  expect_error(trainer(config, {StartMode::probe, "nowhere.safetensors"}), {"nowhere.safetensors"});
  ClassifierConfig wider = config;
  wider.architecture = ResNetConfig{{24}, {1}};
  expect_error(trainer(wider, {StartMode::finetune, file}), {"[16]", "[24]"});
  ClassifierConfig vit = config;
  vit.architecture = VitConfig{4, 16, 1, 1};
  expect_error(trainer(vit, {StartMode::finetune, file}), {"vit"});
  EXPECT_THAT(error_of([] { kind_named<StartMode>("frozen"); }),
              testing::HasSubstr("scratch, finetune, probe"));
}

TEST_F(ClassifierStartTest, PicturesOfAnotherSizeAreFineWhereNoWeightDependsOnIt) {
  ClassifierConfig larger = config;
  larger.image_size = 16;
  EXPECT_NO_THROW(load_start(file, larger));
}

}  // namespace
}  // namespace t2ue
