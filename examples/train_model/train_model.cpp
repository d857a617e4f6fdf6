// A model of your own, trained to tell the classes of a folder: train_model FOLDER
// FOLDER holds one folder of pictures for each class.
#include <iostream>

#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/eval/classification.hpp>
#include <t2ue/optim/guarded_step.hpp>
#include <t2ue/training/features.hpp>

using namespace t2ue;

// A model is a struct of layers and parameters. `visit` names them; memory, initial values, gradients,
// updates and files all follow from that list.
struct SmallNet {
  Conv2d conv1{3, 16, 3, 2, 1, false}, conv2{16, 32, 3, 2, 1, false};
  BatchNorm norm1{16}, norm2{32};
  Linear head;

  explicit SmallNet(int64_t classes) : head(32, classes) {}

  // Normalised pixels [B,H,W,3] -> logits [B,classes].
  Var operator()(const Var& x) {
    const Var y = norm1(conv1(x), Activation::relu);
    return head(mean_pool(norm2(conv2(y), Activation::relu)));
  }
  void visit(auto&& f) {
    f("conv1", conv1), f("norm1", norm1), f("conv2", conv2), f("norm2", norm2), f("head", head);
  }
};

int main(int argc, char** argv) try {
  check(argc == 2, "train_model", "usage: train_model FOLDER");
  constexpr int64_t batch_size = 16, epochs = 20;
  DatasetIndex index = open_dataset(argv[1]);
  for (Record& record : index.records) record.captions = {index.label_of(record)};  // a class has no caption
  const Tokenizer tokenizer = BytePairTokenizer::train(captions_of(index), 260);
  const PairDataset data = load_pair_dataset(index, tokenizer, PairLoadOptions{});  // 32 x 32
  const auto classes = static_cast<int64_t>(data.label_names.size());

  SmallNet model(classes);
  ParameterSet parameters(model, /*seed=*/1);
  Optimizer optimizer(parameters, {.weight_decay = 0.01f});
  Batch batch(batch_size, data.size, data.context_length, {});
  BatchOrder order(data.count(), batch_size, /*seed=*/1);
  // What a step computes, recorded once and replayed from then on. A loss that is no number stops the run.
  GuardedStep step(
      optimizer, Compute{},
      [&](Graph& g) {
        const Var pixels = augment(perturb(g.input(batch.images), {}), g.input(batch.counter),
                                   {.seed = 1, .flip = true, .translation = 2, .norm = pixel_norm});
        return cross_entropy(model(pixels), g.input(batch.labels));
      },
      [](Graph&) {});
  const int64_t steps = epochs * order.steps_per_epoch();
  Schedule schedule;  // to zero along a cosine
  schedule.rate = 0.01f, schedule.total = steps, schedule.warmup = steps / 20;
  for (int64_t i = 0; i < steps; ++i) {
    batch.fill(data, order.at(i), order.epoch_of(i), i);
    const float loss = step.run(schedule.at(i), concat("step ", i));
    if ((i + 1) % order.steps_per_epoch() == 0)
      std::cout << "epoch " << order.epoch_of(i) + 1 << ": loss " << loss << '\n';
  }

  DatasetPass pass(data, [&](Graph&, const Var& pixels, const Batch&) { return model(pixels); });
  const ClassificationResult result = classification(pass.run(), data.labels, classes);
  std::cout << "accuracy on its own pictures: " << result.accuracy << " %, chance " << result.chance
            << " %\n";
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
