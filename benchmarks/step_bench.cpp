// Median milliseconds of one step: step_bench victim|classifier|noise BATCH STEPS. See cpu_vs_pytorch.py.
#include <fmt/core.h>

#include <algorithm>
#include <t2ue/training/trainer.hpp>

namespace {

using namespace t2ue;

constexpr int context = 16;  ///< emoji-resnet's

PairDataset pictures(int64_t count) {
  PairDataset data;
  data.size = 32, data.context_length = context;
  Random random(1, Purpose::test);
  for (int64_t i = 0; i < count; ++i) {
    data.keys.push_back(std::to_string(i));
    data.labels.push_back(static_cast<int32_t>(i % 8));
    data.captions.emplace_back("a caption");
    for (int p = 0; p < 32 * 32 * 3; ++p) data.pixels.push_back(static_cast<uint8_t>(random.below(256)));
    for (int t = 0; t < context; ++t) data.ids.push_back(static_cast<int32_t>(random.below(2048)));
    data.end.push_back(context - 1);
    data.caption_begin.push_back(i + 1);
  }
  return data;
}

template <class F>
double median_ms(int steps, F&& step) {
  std::vector<double> times;
  for (int i = -2; i < steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    step();
    if (i >= 0)
      times.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

template <class Model, class Config>
double training(const Config& config, int64_t batch, int steps) {
  const PairDataset data = pictures(batch);
  TrainRecipe recipe;
  recipe.batch = batch, recipe.epochs = steps + 2;
  Trainer<Model> trainer(config, recipe, data);
  return median_ms(steps, [&] { trainer.step(); });
}

double noise(int64_t batch, int steps) {
  Generator generator(generator_config("t2ue"));
  const ParameterSet parameters(generator, 1);
  const Tensor caption = Tensor::zeros({batch, 512}), latent = Tensor::zeros({batch, 100});
  Tensor output;
  Step step([&](Graph& g) {
    const NoGrad no_grad(g);
    const EvalMode eval_mode(g);
    output = g.output(generator.noise(g.input(caption), g.input(latent)));
  });
  return median_ms(steps, [&] { step.run(); });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    fmt::print(stderr, "usage: step_bench victim|classifier|noise BATCH STEPS\n");
    return 2;
  }
  const std::string what = arguments[1];
  const int64_t batch = std::stoll(arguments[2]);
  const int steps = std::stoi(arguments[3]);
  fmt::print(
      "{:g}\n",
      what == "victim" ? training<Clip>(clip_config("emoji-resnet"), batch, steps)
      : what == "classifier"
          ? training<Classifier>(
                ClassifierConfig{"step", 32, 8, ResNetConfig{{16, 32, 64, 128}, {1, 1, 1, 1}}}, batch, steps)
          : noise(batch, steps));
}
