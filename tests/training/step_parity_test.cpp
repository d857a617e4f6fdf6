// A whole training step of each kind on the emulated GPU, and on a real one where there is one, against the
// CPU: after one step and after twenty, and the same bits when run again.
//
// How far they may be apart, by the formulas of tolerance.hpp (1024: no sum here has more terms):
//  - fp32, step i: the loss by fp32(1024) times 1+i, since every step adds its own errors;
//  - fp32, first step: a gradient by fp32(1024), terms as large as the largest gradient of its layer (the
//    bias before a batch norm has a gradient of 0, which is what large terms leave); a running statistic by
//    fp32(1024); a weight by what Adam makes of its gradient's error: its first step is rate*g/|g|;
//  - fp32, last step: the weights by 20 times fp32(1024) of the way they went. A pixel of the noise's kinds
//    that is rounded to the other 1/255 is an error of that size: there it is bf16's roundoff of the way;
//  - bf16 and TF32: the loss by bf16(1) in the first step, twice that later, when weights differ too.
#include <emulation/backend.hpp>
#include <emulation/launch.hpp>

#include "tolerance.hpp"
#include "training/tiny.hpp"

#include <t2ue/models/generators/pattern_dictionary.hpp>

namespace t2ue {
namespace {

using namespace testing_optim;

constexpr int parity_steps = 20;
constexpr int64_t reduction = 1024;
constexpr float rate = 1e-3f;

/// Where and how to compute.
struct ParityWay {
  std::string name;
  DeviceKind kind = DeviceKind::cpu;
  Precision precision = Precision::fp32;

  Device device() const {
    if (kind == DeviceKind::added) return emulation::device();
    return {kind, 0};
  }
};

void PrintTo(const ParityWay& way, std::ostream* out) {
  *out << way.name;
}

/// A trainer of some kind.
class Training {
 public:
  virtual ~Training() = default;
  /// One step, or one round; returns its losses.
  virtual std::vector<float> step() = 0;
  /// What is trained.
  virtual std::vector<const ParameterSet*> trained() = 0;
};

/// Pictures and a recipe that all kinds share: batches of five, which is no multiple of anything.
/// `everything`: with every change of pictures that there is.
struct Task {
  PairDataset data = tiny_data();
  TrainRecipe recipe = tiny_recipe();
  explicit Task(bool everything = false) {
    recipe.batch = 5, recipe.learning_rate = rate, recipe.min_area = 0.6f;
    if (!everything) return;
    recipe.brightness = recipe.contrast = recipe.saturation = 0.4f, recipe.grayscale = 0.2f;
    recipe.cutout = 3, recipe.mixup_alpha = 1;
  }
};

template <class Model>
class VictimTraining final : public Training, Task {
 public:
  template <class Config>
  VictimTraining(const Config& config, bool everything, const ParityWay& way)
      : Task(everything), trainer_(config, recipe, data, {way.device(), Execution::planned, way.precision}) {}
  std::vector<float> step() override { return {trainer_.step()}; }
  std::vector<const ParameterSet*> trained() override { return {&trainer_.parameters()}; }

 private:
  Trainer<Model> trainer_;
};

PatternDictionaryConfig tiny_dictionary() {
  PatternDictionaryConfig c;
  c.condition = tiny_generator().condition, c.size = 4;
  return c;
}

template <class Model, class GeneratorKind = SsaGenerator>
class NoiseTraining final : public Training, Task {
 public:
  template <class Config>
  NoiseTraining(const Config& surrogate, int surrogate_steps, bool everything, const ParityWay& way)
      : Task(everything),
        frozen_(surrogate_steps == 0),
        trainer_(config(), surrogate,
                 {.rounds = parity_steps, .surrogate_steps = surrogate_steps, .noise_learning_rate = rate},
                 recipe, data, conditions(data), {way.device(), Execution::planned, way.precision}) {}
  std::vector<float> step() override {
    const auto losses = trainer_.round();
    if (frozen_) return {losses.noise};
    return {losses.surrogate, losses.noise};
  }
  std::vector<const ParameterSet*> trained() override {
    if (frozen_) return {&trainer_.generator_parameters()};
    return {&trainer_.surrogate_parameters(), &trainer_.generator_parameters()};
  }

 private:
  static Conditions conditions(const PairDataset& data) {
    Conditions c;
    c.width = tiny_generator().condition;
    Random random(3, Purpose::test);
    for (int64_t i = 0; i < data.count() * c.width; ++i) c.table.push_back(random.uniform(-1, 1));
    for (int32_t i = 0; i < data.count(); ++i) c.row_of_item.push_back(i);
    return c;
  }

  static GeneratorConfig config() {
    if constexpr (std::is_same_v<GeneratorKind, SsaGenerator>)
      return tiny_generator();
    else
      return {tiny_dictionary(), {.resampler = Resampler::tile}, "patterns"};
  }

  bool frozen_;
  BiLevelTrainer<Model> trainer_;
};

ClipConfig tiny_clip_with_vit() {
  ClipConfig c = tiny_clip();
  c.resnet.reset();
  c.vit = VisionTransformerConfig{8, 4, {32, 2, 1, Activation::quick_gelu, false}, 8};
  return c;
}

/// Side by side maps, average pooling, norms before convolutions.
ClassifierConfig tiny_densenet() {
  return {"tiny densenet", 8, 4, DenseNetConfig{8, {1, 1}, 16, false}};
}

/// A kind of training step.
struct StepKind {
  std::string name;
  bool makes_noise;
  std::function<std::unique_ptr<Training>(const ParityWay&)> on;
};
void PrintTo(const StepKind& kind, std::ostream* out) {
  *out << kind.name;
}
template <class T, class... Arguments>
std::function<std::unique_ptr<Training>(const ParityWay&)> maker(Arguments... arguments) {
  return [=](const ParityWay& way) { return std::make_unique<T>(arguments..., way); };
}
const std::vector<StepKind>& step_kinds() {
  static const std::vector<StepKind> kinds{
      {"VictimClipVit", false, maker<VictimTraining<Clip>>(tiny_clip_with_vit(), false)},
      {"VictimClipResNet", false, maker<VictimTraining<Clip>>(tiny_clip(), false)},
      {"VictimClassifier", false, maker<VictimTraining<Classifier>>(tiny_classifier(), false)},
      {"VictimDenseNet", false, maker<VictimTraining<Classifier>>(tiny_densenet(), false)},
      {"VictimClassifierWithEveryChange", false, maker<VictimTraining<Classifier>>(tiny_classifier(), true)},
      {"NoiseThroughAFrozenClip", true, maker<NoiseTraining<Clip>>(tiny_clip_with_vit(), 0, false)},
      {"SurrogateAndNoiseClip", true, maker<NoiseTraining<Clip>>(tiny_clip(), 1, false)},
      {"SurrogateAndNoiseClassifier", true, maker<NoiseTraining<Classifier>>(tiny_classifier(), 1, false)},
      {"SurrogateAndPatternsOfWords", true,
       maker<NoiseTraining<Clip, PatternDictionary>>(tiny_clip(), 1, false)},
      {"NoiseThroughEveryChange", true, maker<NoiseTraining<Classifier>>(tiny_classifier(), 1, true)}};
  return kinds;
}

/// One tensor of a model: its last gradient, and its values.
struct Weights {
  std::string name;
  std::vector<float> gradient, values;
  bool operator==(const Weights&) const = default;

  /// The part of the name that the tensors of one layer share.
  std::string layer() const { return name.substr(0, name.rfind('.') + 1); }
};
struct State {
  std::vector<std::vector<Weights>> models;
  std::vector<float> statistics;
  bool operator==(const State&) const = default;
};
State state_of(Training& training) {
  State state;
  for (const ParameterSet* set : training.trained()) {
    auto& model = state.models.emplace_back();
    for (const Parameter* parameter : set->trained())
      model.push_back({parameter->name, parameter->grad.to_floats(), parameter->value.to_floats()});
    const std::vector<float> buffers = set->buffers().to_floats();
    state.statistics.insert(state.statistics.end(), buffers.begin(), buffers.end());
  }
  return state;
}

/// What became of a training.
struct Trace {
  std::vector<std::vector<float>> losses;  // of every step
  State start, first, last;
  bool operator==(const Trace&) const = default;
};
Trace trace_of(const StepKind& kind, const ParityWay& way) {
  const std::unique_ptr<Training> training = kind.on(way);
  Trace trace;
  trace.start = state_of(*training);
  for (int i = 0; i < parity_steps; ++i) {
    trace.losses.push_back(training->step());
    if (i == 0) trace.first = state_of(*training);
  }
  trace.last = state_of(*training);
  return trace;
}
const Trace& trace_of_the_cpu(const StepKind& kind) {
  static std::map<std::string, Trace> known;
  const auto found = known.find(kind.name);
  return found != known.end() ? found->second : known[kind.name] = trace_of(kind, {"cpu"});
}

std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}
double largest(const std::vector<float>& values) {
  return testing_tolerance::largest(doubles(values));
}
double apart(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  return most;
}

void expect_losses(const Trace& trace, const Trace& cpu, Precision precision) {
  for (int i = 0; i < parity_steps; ++i)
    for (size_t k = 0; k < cpu.losses[static_cast<size_t>(i)].size(); ++k) {
      const float expected = cpu.losses[static_cast<size_t>(i)][k];
      const std::vector<double> size{std::max(1.0, std::abs(static_cast<double>(expected)))};
      const double allowed = precision == Precision::fp32
                                 ? testing_tolerance::fp32(reduction, size) * (1 + i)
                                 : testing_tolerance::bf16(1, size) * (i == 0 ? 1 : 2);
      EXPECT_NEAR(trace.losses[static_cast<size_t>(i)][k], expected, allowed)
          << "loss " << k << ", step " << i;
    }
}

/// How far each tensor's gradient may be from that of the CPU's first step.
std::vector<double> allowed_gradients(const std::vector<Weights>& model) {
  std::map<std::string, double> of_layer;
  for (const Weights& w : model) of_layer[w.layer()] = std::max(of_layer[w.layer()], largest(w.gradient));
  std::vector<double> allowed;
  for (const Weights& w : model)
    allowed.push_back(testing_tolerance::fp32(reduction, {}, of_layer[w.layer()]));
  return allowed;
}

void expect_first_step(const State& state, const State& cpu) {
  EXPECT_LE(apart(state.statistics, cpu.statistics),
            testing_tolerance::fp32(reduction, doubles(cpu.statistics)));
  for (size_t m = 0; m < cpu.models.size(); ++m) {
    const std::vector<double> allowed = allowed_gradients(cpu.models[m]);
    for (size_t t = 0; t < allowed.size(); ++t) {
      const Weights &got = state.models[m][t], &expected = cpu.models[m][t];
      EXPECT_LE(apart(got.gradient, expected.gradient), allowed[t])
          << "gradient of " << expected.name << ", whose largest is " << largest(expected.gradient);
      const double rounding = testing_tolerance::fp32(1, doubles(expected.values));
      double beyond = 0;
      for (size_t i = 0; i < expected.values.size(); ++i) {
        const double gradient = std::abs(static_cast<double>(expected.gradient[i]));
        const double share = gradient > allowed[t] ? 2 * allowed[t] / gradient : 2.0;
        const double difference = std::abs(static_cast<double>(got.values[i]) - expected.values[i]);
        beyond = std::max(beyond, difference - static_cast<double>(rate) * std::min(2.0, share) - rounding);
      }
      EXPECT_LE(beyond, 0) << "weights of " << expected.name;
    }
  }
}

/// Elements whose first gradient was nothing but rounding go where that leads, and are left out.
void expect_last_weights(const Trace& trace, const Trace& cpu, double allowed) {
  for (size_t m = 0; m < cpu.last.models.size(); ++m) {
    const std::vector<double> rounding = allowed_gradients(cpu.first.models[m]);
    double difference = 0, way = 0;
    int64_t count = 0, compared = 0;
    for (size_t t = 0; t < rounding.size(); ++t) {
      const auto &got = trace.last.models[m][t].values, &expected = cpu.last.models[m][t].values,
                 &start = cpu.start.models[m][t].values, &gradient = cpu.first.models[m][t].gradient;
      for (size_t i = 0; i < expected.size(); ++i, ++count) {
        if (std::abs(static_cast<double>(gradient[i])) <= rounding[t]) continue;
        ++compared;
        difference += std::pow(static_cast<double>(got[i]) - expected[i], 2);
        way += std::pow(static_cast<double>(expected[i]) - start[i], 2);
      }
    }
    EXPECT_GT(compared, count / 2) << "model " << m << " of " << count << " weights";
    EXPECT_LE(std::sqrt(difference), allowed * std::sqrt(way)) << "model " << m;
  }
}

/// What all steps' differences come to if each adds `one`, and what was there grows by an eighth a step: a
/// weight that differs in its last bits meets other slopes, and how fast that grows depends on the
/// processor's order of summation.
double compounded(double one) {
  double sum = 0;
  for (int i = 0; i < parity_steps; ++i) sum = sum * 1.125 + one;
  return sum;
}

class StepParity : public testing::TestWithParam<std::tuple<StepKind, ParityWay>> {
 public:
  static std::string name(const testing::TestParamInfo<ParamType>& info) {
    return std::get<0>(info.param).name + "On" + std::get<1>(info.param).name;
  }

 protected:
  // Races are looked for where ops are tested; here one order of threads and blocks and the other take turns.
  void SetUp() override { emulation::settings().race_check_bytes = 0; }
  void TearDown() override { emulation::settings() = {}; }
};

TEST_P(StepParity, AgreesWithTheCpuAndWithItself) {
  const auto& [kind, way] = GetParam();
  try {
    (void)backend_of(way.device());
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const Trace& cpu = trace_of_the_cpu(kind);
  const Trace trace = trace_of(kind, way);
  expect_losses(trace, cpu, way.precision);
  if (way.precision == Precision::fp32) {
    expect_first_step(trace.first, cpu.first);
    // Noise is rounded to whole steps of 1/255: where a backend's last bit puts one on the other side,
    // pictures differ by such a step, and in the rounds that follow both models do.
    expect_last_weights(trace, cpu,
                        kind.makes_noise ? 16 * testing_tolerance::bf16_roundoff
                                         : compounded(testing_tolerance::fp32(reduction, {}, 1.0)));
  }
  EXPECT_TRUE(trace_of(kind, way) == trace) << "another run gives other bits";
}

INSTANTIATE_TEST_SUITE_P(
    Steps, StepParity,
    testing::Combine(testing::ValuesIn(step_kinds()),
                     testing::Values(ParityWay{"EmulatedFp32", DeviceKind::added, Precision::fp32},
                                     ParityWay{"EmulatedBf16", DeviceKind::added, Precision::bf16},
                                     ParityWay{"CudaFp32", DeviceKind::cuda, Precision::fp32},
                                     ParityWay{"CudaTf32", DeviceKind::cuda, Precision::tf32},
                                     ParityWay{"CudaBf16", DeviceKind::cuda, Precision::bf16})),
    StepParity::name);

}  // namespace
}  // namespace t2ue
