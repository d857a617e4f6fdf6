#include <t2ue/core/safetensors.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/classifier_file.hpp>
#include <t2ue/training/features.hpp>

#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing_errors::expect_error;
using Names = std::vector<std::string>;

/// A classifier after a few steps, and a file for it.
struct ClassifierFile : testing::Test {
  const PairDataset data = tiny_data();
  const ClassifierConfig config{"folder/tiny.json", 8, 4, tiny_classifier().architecture};
  ClassifierTrainer trainer{config, tiny_recipe(), data};
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / "t2ue-classifier.safetensors";

  ClassifierFile() {
    for (int i = 0; i < 5; ++i) trainer.step();
  }
  ~ClassifierFile() override { std::filesystem::remove(file); }
  void save(const nlohmann::json& state) {
    CheckpointWriter writer;
    writer.add("", trainer.parameters());
    writer.save(file, "classifier", state);
  }
};

TEST_F(ClassifierFile, GivesTheSameClassifierBack) {
  save_classifier(file, config, trainer.parameters(), data.label_names, {{"seed", 7}});
  const LoadedClassifier loaded = load_classifier(file);
  EXPECT_EQ(loaded.label_names, data.label_names);
  EXPECT_EQ(loaded.config.name, "tiny");
  EXPECT_EQ(to_json(loaded.config), to_json(config));
  EXPECT_EQ(loaded.config.outputs, 4);
  EXPECT_EQ(loaded.training, R"({"seed":7})");
  DatasetPass before(data, class_logits(trainer.model()), 8), after(data, class_logits(*loaded.model), 8);
  EXPECT_EQ(before.run(), after.run());
}

TEST_F(ClassifierFile, KnowsItsOutputsByName) {
  save_classifier(file, config, trainer.parameters(), data.label_names, {});
  const LoadedClassifier loaded = load_classifier(file);
  EXPECT_EQ(loaded.outputs_of(Names{"c", "a"}), (std::vector<int32_t>{2, 0}));
  expect_error([&] { (void)loaded.outputs_of(Names{"a", "e"}); }, {"'e'", "4 classes"});
}

TEST_F(ClassifierFile, RefusesNamesThatDoNotFit) {
  const auto save_with = [&](const Names& names) {
    save_classifier(file, config, trainer.parameters(), names, {});
  };
  expect_error([&] { save_with({"a", "b", "c"}); }, {"3 class names for 4 outputs"});
  expect_error([&] { save_with({"a", "b", "c", "a"}); }, {"one name"});
}

TEST_F(ClassifierFile, RefusesADamagedFile) {
  const nlohmann::json good{
      {"classifier", to_json(config)}, {"name", "tiny"}, {"labels", data.label_names}, {"training", {}}};
  const auto with = [&](const std::string& key, const nlohmann::json& value) {
    nlohmann::json state = good;
    state[key] = value;
    save(state);
    expect_error([&] { load_classifier(file); }, {file.string()});
  };
  save(good);
  EXPECT_NO_THROW(load_classifier(file));
  with("labels", 7);
  with("labels", Names{});
  with("labels", Names{"a", "b", "c", "d", "e"});
  with("name", nullptr);
  with("classifier", {{"image_size", 8}, {"widths", {1 << 20}}, {"blocks", {1}}});
  with("classifier", {{"image_size", 8}, {"widths", {8}}, {"blocks", {1}}});
  expect_error([&] { save({{"labels", data.label_names}}), load_classifier(file); }, {"damaged"});
  CheckpointWriter().save(file, "clip", good);
  expect_error([&] { load_classifier(file); }, {"holds a clip, not a classifier"});
}

}  // namespace
}  // namespace t2ue
