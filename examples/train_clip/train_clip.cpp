// CLIP on captioned pictures, with a training loop of your own: train_clip DATA MODEL STEPS
// Interrupted, or called again with more steps, it goes on from MODEL.checkpoint.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include <t2ue/core/plan.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/training/batch.hpp>

using namespace t2ue;

int main(int argc, char** argv) try {
  check(argc == 4, "train_clip", "usage: train_clip DATA MODEL STEPS");
  const std::filesystem::path file = argv[2], checkpoint = file.string() + ".checkpoint";
  const int64_t steps = std::atoll(argv[3]), batch_size = 16;
  constexpr uint64_t seed = 1;

  // The data: a vocabulary learned from the captions, and pictures as the model sees them.
  const DatasetIndex index = open_dataset(argv[1]);
  const Tokenizer tokenizer = BytePairTokenizer::train(captions_of(index), 512);
  ClipConfig config = clip_config("emoji-resnet");
  config.text.vocab_size = tokenizer.vocab_size();
  PairLoadOptions sizes;
  sizes.size = static_cast<int>(config.image_size);
  sizes.context_length = static_cast<int>(config.text.context_length);
  const PairDataset data = load_pair_dataset(index, tokenizer, sizes);

  // The model, its numbers, and how they are updated.
  Clip model(config);
  ParameterSet parameters(model, seed);
  Optimizer optimizer(parameters, {.weight_decay = 0.1f, .max_norm = 1.0f});
  Schedule schedule;
  schedule.kind = Schedule::Kind::constant, schedule.rate = 1e-3f, schedule.warmup = 5;

  // What a step reads: tensors of fixed shape, filled anew before every run.
  Batch batch(batch_size, data.size, data.context_length, {});
  BatchOrder order(data.count(), batch_size, seed);

  // Each step is described once, planned, and replayed from then on: first loss and gradients, then the
  // update.
  Tensor loss;
  Step gradients([&](Graph& g) {
    const Var pictures = perturb(g.input(batch.images), {});  // bytes -> [0,1]
    const AugmentOptions options{.seed = seed, .flip = true, .translation = 2, .norm = pixel_norm};
    const Var pixels = augment(pictures, g.input(batch.counter), options);
    const Var value = model.loss(pixels, g.input(batch.ids), g.input(batch.end));
    g.backward(value);
    optimizer.record_norm(g);
    loss = g.output(value);
  });
  Step update([&](Graph& g) {
    optimizer.record_update(g);
    record_constraints(g, model);  // CLIP's temperature stays within its bounds
  });

  int64_t step = 0;
  if (std::filesystem::exists(checkpoint)) {
    const CheckpointReader reader(checkpoint, "train_clip");
    reader.restore("model.", parameters);
    reader.restore("optimizer", optimizer);
    step = nlohmann::json::parse(reader.state()).at("step");
    std::cout << "goes on after step " << step << '\n';
  }
  while (step < steps) {
    batch.fill(data, order.at(step), order.epoch_of(step), step);
    gradients.run();
    check(std::isfinite(loss.item()), "train_clip", "the loss of step ", step, " is ", loss.item(),
          "; lower the rate");
    optimizer.prepare(schedule.at(step));
    update.run();
    if (++step % 10 != 0 && step != steps) continue;
    // The loss of a model that knows nothing is ln(batch_size).
    std::cout << "step " << step << ": loss " << loss.item() << ", chance "
              << std::log(static_cast<double>(batch_size)) << '\n';
    CheckpointWriter writer;
    writer.add("model.", parameters);
    writer.add("optimizer", optimizer);
    writer.save(checkpoint, "train_clip", {{"step", step}});
  }
  save_clip(file, model, parameters, tokenizer, {{"steps", steps}});  // for `t2ue evaluate`, or load_clip()
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
