// `t2ue train classifier`
#include <t2ue/optim/named_recipes.hpp>
#include <t2ue/training/classifier_start.hpp>

#include "classifier.hpp"
#include "model_training.hpp"
#include "train_commands.hpp"

namespace t2ue::apps {

namespace {

struct ClassifierOptions : ModelTraining {
  explicit ClassifierOptions(CLI::App& command) : recipe(command, "recipe", TrainRecipe{}) {}
  std::string classifier = "resnet18", start, mode;
  FieldFlags recipe;
};

/// With a file and no --mode it is fine-tuned.
ClassifierStart start_of(const ClassifierOptions& options) {
  const std::string otherwise = options.start.empty() ? "scratch" : "finetune";
  ClassifierStart start{kind_named<StartMode>(options.mode.empty() ? otherwise : options.mode),
                        options.start};
  check_start(start);
  return start;
}

Result train_classifier(const ClassifierOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  const TrainRecipe recipe = as_usage([&] {
    return train_recipe_from_json(options.recipe.given(),
                                  named_recipe(options.base, RecipeModel::classifier));
  });
  const ClassifierStart start_at = as_usage([&] { return start_of(options); });
  ClassifierConfig config = start_at.file.empty()
                                ? as_usage([&] { return classifier_config(options.classifier); })
                                : load_classifier(start_at.file).config;
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const LoadedData data =
      load_labelled(options.data, options.dataset, config.image_size, options.skip_bad, "train", globals);
  const std::vector<std::string>& names = data.pairs.label_names;
  check(names.size() >= 2, "train", options.data, " has ", names.size(),
        " class; a classifier needs at least 2");
  config.outputs = static_cast<int64_t>(names.size());
  nlohmann::json begun{{"mode", name_of(start_at.mode)}};
  if (!start_at.file.empty()) begun["sha256"] = sha256_file(start_at.file);
  const nlohmann::json identity{{"classifier", to_json(config)},
                                {"labels", names},
                                {"data", data_hash(data.pairs)},
                                {"start", begun},
                                {"precision", name_of(compute.precision)}};
  const std::unique_ptr<ClassifierTrainer> owned =
      classifier_trainer(config, start_at, recipe, data.pairs, compute);
  ClassifierTrainer& trainer = *owned;
  resume_if_asked(trainer, options.checkpoint, identity);

  const Trained trained = train_to_end(trainer, "train classifier", options, identity, globals);
  trainer.with_average([&] {
    save_classifier(
        options.out, config, trainer.parameters(), names,
        {{"recipe", to_json(recipe)}, {"start", begun}, {"precision", name_of(compute.precision)}});
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
       {"start", begun},
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
      add_command(train, "classifier",
                  "Train a classifier on pictures with classes, from scratch or from another's weights",
                  "train classifier --data cifar-10 --classifier resnet18 --out classifier.safetensors "
                  "--epochs 30 --eval cifar-10",
                  globals);
  const auto options = std::make_shared<ClassifierOptions>(command);
  add_model_training_flags(command, *options, "accuracy");
  std::string names;
  for (const std::string& name : classifier_config_names()) names += (names.empty() ? "" : ", ") + name;
  CLI::Option* classifier = command
                                .add_option("--classifier", options->classifier,
                                            "A configuration by name, or a .json file; names: " + names)
                                ->capture_default_str();
  command
      .add_option("--start", options->start,
                  "Model file of `t2ue train classifier` whose configuration and weights it begins with")
      ->excludes(classifier);
  command.add_option("--mode", options->mode,
                     "With --start: finetune (all weights train; the last layer is new where the classes are "
                     "others), the default, or probe (a new last layer trains, all else stays)");
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_classifier(*options, globals); };
  });
}

}  // namespace t2ue::apps
