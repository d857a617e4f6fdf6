// `t2ue train classifier`
#include <chrono>

#include <t2ue/optim/classifier_file.hpp>
#include <t2ue/optim/trainer.hpp>

#include "classifier.hpp"
#include "training.hpp"

namespace t2ue::apps {

namespace {

struct ClassifierOptions {
  explicit ClassifierOptions(CLI::App& command) : recipe(command, to_json(TrainRecipe{}), recipe_help()) {}
  std::string data, classifier = "resnet18", out, evaluate;
  ComputeFlags compute;
  CheckpointOptions checkpoint;
  bool skip_bad = false;
  JsonFlags recipe;
  DatasetFlags dataset;
};

/// What --eval measures: another data set, told by itself, or the split "test" of the one trained on.
EvaluationFlags evaluation_of(const ClassifierOptions& options) {
  EvaluationFlags flags;
  flags.model = options.out;
  flags.data = options.evaluate;
  flags.device = options.compute.device;
  flags.skip_bad = options.skip_bad;
  if (options.evaluate == options.data) {
    flags.dataset = options.dataset;
    flags.dataset.split.clear();
  }
  return flags;
}

Result train_classifier(const ClassifierOptions& options, const Globals& globals) {
  const auto start = std::chrono::steady_clock::now();
  const TrainRecipe recipe = as_usage([&] { return train_recipe_from_json(options.recipe.values()); });
  ClassifierConfig config = as_usage([&] { return classifier_config(options.classifier); });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const LoadedData data =
      load_labelled(options.data, options.dataset, config.image_size, options.skip_bad, "train", globals);
  const std::vector<std::string>& names = data.pairs.label_names;
  check(names.size() >= 2, "train", options.data, " has ", names.size(),
        " class; a classifier needs at least 2");
  config.resnet.outputs = static_cast<int64_t>(names.size());
  const nlohmann::json identity{{"classifier", to_json(config)},
                                {"labels", names},
                                {"data", data_hash(data.pairs)},
                                {"precision", name_of(compute.precision)}};
  ClassifierTrainer trainer(config.resnet, recipe, data.pairs, compute.device, Execution::planned,
                            compute.precision);
  resume_if_asked(trainer, options.checkpoint, identity);

  nlohmann::json loss;
  {
    ProgressBar bar({"train classifier", trainer.total_steps(), "steps", trainer.steps()},
                    progress_style(globals.progress));
    run_to_end(
        trainer.steps(), trainer.total_steps(),
        options.checkpoint.every > 0 ? options.checkpoint.every : trainer.steps_per_epoch(),
        options.checkpoint, bar,
        [&] {
          loss = trainer.step();
          return trainer.data_seconds();
        },
        [&] { trainer.save(options.checkpoint.file, identity); });
  }
  trainer.with_average([&] {
    save_classifier(options.out, config, trainer.parameters(), names,
                    {{"recipe", to_json(recipe)}, {"precision", name_of(compute.precision)}});
  });

  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Result result{
      {{"model", options.out},
       {"steps", trainer.total_steps()},
       {"loss", loss},
       {"pictures", data.pairs.count()},
       {"labels", names},
       {"skipped", data.skipped},
       {"recipe", to_json(recipe)},
       {"precision", name_of(compute.precision)},
       {"seconds", seconds}},
      concat(options.out, ": ", trainer.total_steps(), " steps on ", data.pairs.count(), " pictures of ",
             names.size(), " classes", skipped_text(data.skipped), " in ", format_duration(seconds)),
      0};
  if (!options.evaluate.empty()) {
    const Result scores = evaluate_classifier(evaluation_of(options), globals);
    result.json["evaluation"] = scores.json;
    result.json["evaluation"]["epoch"] = "last";
    result.text += "\nafter the last epoch: " + scores.text;
  }
  return result;
}

}  // namespace

void add_train_classifier(CLI::App& train, Globals& globals) {
  CLI::App& command =
      add_command(train, "classifier", "Train a classifier from scratch on pictures with classes",
                  "train classifier --data cifar-10 --classifier resnet18 --out classifier.safetensors "
                  "--epochs 30 --eval cifar-10",
                  globals);
  const auto options = std::make_shared<ClassifierOptions>(command);
  command.add_option("--data", options->data, dataset_help())->required();
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  command
      .add_option("--classifier", options->classifier,
                  "A configuration by name (resnet8, resnet18, resnet20, resnet34), or a .json file")
      ->capture_default_str();
  command.add_option("--out", options->out, "Model file to write (.safetensors)")->required();
  command.add_option("--eval", options->evaluate,
                     "Data set to measure accuracy on afterwards; of the one trained on, its split \"test\"");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out pictures that cannot be read");
  add_checkpoint_flags(command, options->checkpoint, "steps");
  add_compute(command, options->compute);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_classifier(*options, globals); };
  });
}

}  // namespace t2ue::apps
