// Training on the emulated GPU in fp32 and bf16: against the CPU, op by op and captured, and resumed.
#include <emulation/backend.hpp>

#include "tolerance.hpp"
#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

/// A way to train: CPU or emulated, in which precision.
struct PrecisionWay {
  Device device;
  Precision precision;
};
const PrecisionWay on_cpu{{}, Precision::fp32};
std::vector<PrecisionWay> emulated() {
  return {{emulation::device(), Precision::fp32}, {emulation::device(), Precision::bf16}};
}

ClipConfig tiny_vit() {
  ClipConfig c = tiny_clip();
  c.resnet.reset();
  c.vit = VisionTransformerConfig{8, 4, {32, 1, 1, Activation::quick_gelu, false}, 8};
  return c;
}
constexpr int precision_steps = 5;  // two launch by launch, one captured, two replayed

template <class Trainer>
std::vector<float> losses_of(Trainer& trainer) {
  std::vector<float> losses;
  for (int i = 0; i < precision_steps; ++i) losses.push_back(trainer.step());
  return losses;
}

/// How far a loss may be from the CPU's after `step` updates, whose errors add up.
double allowed(Precision precision, float loss, int step) {
  const std::vector<double> reference{std::max(1.0, std::abs(static_cast<double>(loss)))};
  const double once = precision == Precision::bf16 ? testing_tolerance::bf16(1, reference)
                                                   : testing_tolerance::fp32(1024, reference);
  return once * (1 + step);
}

template <class Model, class Config>
void expect_close_to_the_cpu(const Config& config) {
  const PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  recipe.learning_rate = 1e-3f;
  Trainer<Model> reference(config, recipe, data);
  const std::vector<float> expected = losses_of(reference);
  for (const PrecisionWay& way : emulated()) {
    SCOPED_TRACE(name_of(way.precision));
    Trainer<Model> planned(config, recipe, data, {way.device, Execution::planned, way.precision});
    const std::vector<float> losses = losses_of(planned);
    for (int i = 0; i < precision_steps; ++i)
      EXPECT_NEAR(losses[static_cast<size_t>(i)], expected[static_cast<size_t>(i)],
                  allowed(way.precision, expected[static_cast<size_t>(i)], i))
          << "step " << i;
    Trainer<Model> eager(config, recipe, data, {way.device, Execution::eager, way.precision});
    EXPECT_EQ(losses_of(eager), losses);
    EXPECT_EQ(weights(eager.parameters()), weights(planned.parameters()));
  }
}

TEST(Precision, ClipWithAResNetTrainsAsOnTheCpu) {
  expect_close_to_the_cpu<Clip>(tiny_clip());
}
TEST(Precision, ClipWithAVisionTransformerTrainsAsOnTheCpu) {
  expect_close_to_the_cpu<Clip>(tiny_vit());
}
TEST(Precision, AClassifierTrainsAsOnTheCpu) {
  expect_close_to_the_cpu<Classifier>(tiny_classifier());
}

Conditions tiny_conditions() {
  Conditions c;
  c.width = 6;
  Random random(3, Purpose::test);
  for (int i = 0; i < 24 * 6; ++i) c.table.push_back(random.uniform(-1, 1));
  for (int i = 0; i < 24; ++i) c.row_of_item.push_back(i);
  return c;
}

std::vector<float> rounded_values(const ParameterSet& parameters) {
  std::vector<float> values = parameters.values().to_vector<float>();
  for (float& value : values) value = static_cast<float>(bf16(value));
  return values;
}

TEST(Precision, NoiseTrainsAsOnTheCpu) {
  const PairDataset data = tiny_data();
  Conditions conditions = tiny_conditions();
  for (int i = 0; i < 24 * 8 * 8 * 3; ++i) conditions.start.push_back(i % 7 < 3 ? -1.0f : 1.0f);
  const auto rounds = [&](const PrecisionWay& way, Execution execution) {
    BiLevelTrainer<Classifier> trainer(
        tiny_generator(), tiny_classifier(),
        {.rounds = precision_steps, .warm_steps = 2, .warm_share = 0.5f, .final_share = 0.9f}, tiny_recipe(),
        data, conditions, {way.device, execution, way.precision});
    std::vector<float> losses;
    for (int i = 0; i < precision_steps; ++i) {
      const auto round = trainer.round();
      losses.push_back(round.surrogate);
      losses.push_back(round.noise);
    }
    if (way.precision == Precision::bf16) {
      const ParameterSet& scaled = trainer.generator_parameters();
      EXPECT_EQ(scaled.shadows().to_floats(), rounded_values(scaled));
    }
    return losses;
  };
  const std::vector<float> expected = rounds(on_cpu, Execution::planned);
  for (const PrecisionWay& way : emulated()) {
    SCOPED_TRACE(name_of(way.precision));
    const std::vector<float> losses = rounds(way, Execution::planned);
    for (size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], expected[i], allowed(way.precision, expected[i], static_cast<int>(i))) << i;
    EXPECT_EQ(rounds(way, Execution::eager), losses);
  }
}

TEST(Precision, ShadowsFollowTheWeights) {
  const PairDataset data = tiny_data();
  const auto make = [&] {
    return std::make_unique<ClassifierTrainer>(
        tiny_classifier(), tiny_recipe(), data,
        Compute{emulation::device(), Execution::planned, Precision::bf16});
  };
  const auto first = make();
  EXPECT_EQ(first->parameters().shadows().to_floats(), rounded_values(first->parameters())) << "at the start";
  losses_of(*first);
  EXPECT_EQ(first->parameters().shadows().to_floats(), rounded_values(first->parameters()))
      << "after updates";
  const auto path = temporary("training");
  first->save(path);
  const auto second = make();
  second->resume(path);
  EXPECT_EQ(second->parameters().shadows().to_floats(), rounded_values(first->parameters())) << "resumed";
  EXPECT_EQ(losses_of(*first), losses_of(*second));
}

// The mask heads' 4 hidden channels are 8 in bf16.
TEST(Precision, PaddedChannelsStayZero) {
  const PairDataset data = tiny_data();
  const BiLevelPolicy policy{
      .rounds = 3, .surrogate_steps = 1, .noise_steps = 2, .noise_learning_rate = 5e-3f};
  BiLevelTrainer<Classifier> trainer(tiny_generator(), tiny_classifier(), policy, tiny_recipe(), data,
                                     by_class(data),
                                     {emulation::device(), Execution::planned, Precision::bf16});
  while (!trainer.done()) trainer.round();
  int padded = 0;
  for (const Parameter* parameter : trainer.generator_parameters().all()) {
    if (!parameter->padded.value) continue;
    ++padded;
    const auto count = static_cast<size_t>(parameter->shape.elements());
    for (const Tensor& tensor : {parameter->padded.value, parameter->padded.grad, parameter->padded.shadow}) {
      if (!tensor) continue;
      const std::vector<float> values = tensor.to_floats();
      EXPECT_GT(values.size(), count) << parameter->name;
      for (size_t i = count; i < values.size(); ++i)
        EXPECT_EQ(values[i], 0.0f) << parameter->name << " " << i;
    }
    const std::vector<float> own = parameter->value.to_floats();
    EXPECT_TRUE(std::any_of(own.begin(), own.end(), [](float x) { return x != 0.0f; })) << parameter->name;
  }
  EXPECT_EQ(padded, 14) << "seven tensors of each of two mask heads";
  Generator plain(tiny_generator());
  EXPECT_EQ(trainer.generator_parameters().count(), ParameterSet(plain, 1).count());
}

TEST(Precision, Bf16NeedsShadowsAndABackendThatHasIt) {
  Classifier model(tiny_classifier());
  EXPECT_THAT(error_of([&] { ParameterSet(model, 1, {}, Precision::bf16); }), HasSubstr("bf16"));
  EXPECT_THAT(error_of([&] { Step([](Graph&) {}, {.precision = Precision::bf16}); }),
              HasSubstr("does not compute in bf16"));
  ParameterSet plain(model, 1, emulation::device());
  Graph g(backend_of(emulation::device()), emulation::device(), Execution::planned, false, Precision::bf16);
  EXPECT_THAT(error_of([&] {
                model(g.input(Tensor::zeros({2, 8, 8, 3}, DType::bf16, emulation::device())));
              }),
              HasSubstr("has no bf16 shadow"));
}

}  // namespace
}  // namespace t2ue
