// `t2ue train classifier`
#include <t2ue/optim/classifier_file.hpp>
#include <t2ue/optim/trainer.hpp>

#include "classifier.hpp"
#include "model_training.hpp"
#include "train_commands.hpp"

namespace t2ue::apps {

namespace {

struct ClassifierOptions : ModelTraining {
  explicit ClassifierOptions(CLI::App& command) : recipe(command, recipe_defaults(), recipe_help()) {}
  std::string classifier = "resnet18";
  JsonFlags recipe;
};

Result train_classifier(const ClassifierOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  const TrainRecipe recipe = as_usage([&] { return train_recipe_from_json(options.recipe.values()); });
  ClassifierConfig config = as_usage([&] { return classifier_config(options.classifier); });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const LoadedData data =
      load_labelled(options.data, options.dataset, config.image_size, options.skip_bad, "train", globals);
  const std::vector<std::string>& names = data.pairs.label_names;
  check(names.size() >= 2, "train", options.data, " has ", names.size(),
        " class; a classifier needs at least 2");
  config.outputs = static_cast<int64_t>(names.size());
  const nlohmann::json identity{{"classifier", to_json(config)},
                                {"labels", names},
                                {"data", data_hash(data.pairs)},
                                {"precision", name_of(compute.precision)}};
  ClassifierTrainer trainer(config, recipe, data.pairs, compute.device, Execution::planned,
                            compute.precision);
  resume_if_asked(trainer, options.checkpoint, identity);

  const Trained trained = train_to_end(trainer, "train classifier", options, identity, globals);
  trainer.with_average([&] {
    save_classifier(options.out, config, trainer.parameters(), names,
                    {{"recipe", to_json(recipe)}, {"precision", name_of(compute.precision)}});
  });

  const double seconds = seconds_since(start);
  Result result{
      {{"model", options.out},
       {"steps", trainer.total_steps()},
       {"loss", trained.loss},
       {"pictures", data.pairs.count()},
       {"labels", names},
       {"skipped", data.skipped},
       {"data_share", {{"reading", data.data_share}, {"training", trained.data_share}}},
       {"recipe", to_json(recipe)},
       {"precision", name_of(compute.precision)},
       {"seconds", seconds}},
      concat(options.out, ": ", trainer.total_steps(), " steps on ", data.pairs.count(), " pictures of ",
             names.size(), " classes", skipped_text(data.skipped), " in ", format_duration(seconds)),
      0};
  if (!options.evaluate.empty()) {
    EvaluationFlags evaluation;
    fill_evaluation(evaluation, options);
    const Result scores = evaluate_classifier(evaluation, globals);
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
  add_model_training_flags(command, *options, "accuracy");
  command
      .add_option("--classifier", options->classifier,
                  "A configuration by name (resnet8, resnet18, resnet20, resnet34), or a .json file")
      ->capture_default_str();
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_classifier(*options, globals); };
  });
}

}  // namespace t2ue::apps
