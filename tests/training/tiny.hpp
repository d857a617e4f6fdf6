// A handful of captioned pictures and models of a few thousand parameters, for tests of training.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <errors.hpp>
#include <fstream>
#include <iterator>
#include <t2ue/core/rng.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>
#include <t2ue/training/bilevel.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue::testing_optim {

using testing_errors::error_of;

/// 24 pictures of 8x8 noise around a colour of their class; 4 classes; captions of 6 tokens below 20.
inline PairDataset tiny_data() {
  PairDataset data;
  data.size = 8, data.context_length = 6;
  data.label_names = {"a", "b", "c", "d"};
  Random random(5, Purpose::test);
  for (int i = 0; i < 24; ++i) {
    const int label = i % 4;
    data.keys.push_back(concat("item", i));
    data.labels.push_back(label);
    data.captions.push_back(concat("caption ", i));
    for (uint32_t p = 0; p < 8 * 8 * 3; ++p)
      data.pixels.push_back(static_cast<uint8_t>(60 * label + 20 * (p % 3) + random.below(30)));
    for (const int32_t id : {18, 1 + label, 5 + i % 12, 19, 0, 0}) data.ids.push_back(id);
    data.end.push_back(3);
    data.caption_begin.push_back(i + 1);
  }
  return data;
}

inline ClipConfig tiny_clip() {
  ClipConfig c;
  c.name = "tiny", c.image_size = 8;
  c.text = {6, 20, {16, 1, 2, Activation::gelu, true}, 8};
  c.resnet = ResNetConfig{{16}, {1}};
  return c;
}
inline ClassifierConfig tiny_classifier() {
  return {"tiny", 8, 4, ResNetConfig{{16}, {1}}};
}
inline TrainRecipe tiny_recipe() {
  TrainRecipe recipe;
  recipe.epochs = 10, recipe.batch = 8, recipe.learning_rate = 3e-3f, recipe.translation = 1, recipe.seed = 7;
  return recipe;
}
inline SsaGeneratorConfig tiny_generator() {
  SsaGeneratorConfig c;
  c.latent = 4, c.condition = 6, c.width = 4, c.multipliers = {2, 2}, c.hidden = 8, c.mask_hidden = 4;
  c.gain_start = 1, c.modulation_start = 1;
  return c;
}

/// One condition a class, for tiny_generator.
inline Conditions by_class(const PairDataset& data) {
  Conditions c;
  c.width = 6;
  Random random(3, Purpose::test);
  for (int i = 0; i < 4 * 6; ++i) c.table.push_back(random.normal());
  c.row_of_item = data.labels;
  return c;
}

inline std::vector<float> weights(const ParameterSet& parameters) {
  std::vector<float> all = parameters.values().to_vector<float>();
  const std::vector<float> buffers = parameters.buffers().to_vector<float>();
  all.insert(all.end(), buffers.begin(), buffers.end());
  return all;
}
inline std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline std::filesystem::path temporary(const std::string& name) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::string unique = concat(test->test_suite_name(), "_", test->name(), "_", name);
  std::replace(unique.begin(), unique.end(), '/', '_');
  return std::filesystem::path(testing::TempDir()) / unique;
}

/// A classifier trained by a recipe that a test changes.
struct TinyClassifierTest : testing::Test {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();

  /// Its weights after so many steps.
  std::vector<float> after(int steps, Execution execution = Execution::planned) {
    ClassifierTrainer trainer(tiny_classifier(), recipe, data, {.execution = execution});
    for (int i = 0; i < steps; ++i) trainer.step();
    return weights(trainer.parameters());
  }
  /// The losses of a whole run's last five steps over those of its first five.
  float last_over_first() {
    ClassifierTrainer trainer(tiny_classifier(), recipe, data);
    float first = 0, last = 0;
    for (int64_t i = 0; !trainer.done(); ++i) {
      const float loss = trainer.step();
      if (i < 5) first += loss;
      if (i >= trainer.total_steps() - 5) last += loss;
    }
    return last / first;
  }
};

}  // namespace t2ue::testing_optim
