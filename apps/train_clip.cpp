// `t2ue train clip`.
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/optim/named_recipes.hpp>
#include <t2ue/training/trainer.hpp>

#include "foreign_clip.hpp"
#include "model_training.hpp"
#include "retrieval.hpp"
#include "train_commands.hpp"

namespace t2ue::apps {

namespace {

struct ClipOptions : ModelTraining {
  explicit ClipOptions(CLI::App& command)
      : recipe(command, "recipe", TrainRecipe{}, {"mixup_alpha", "cutmix_alpha"}) {}
  std::string clip = "emoji-resnet", vocabulary;
  FieldFlags recipe;
};

/// The vocabulary given, or one learned from the captions and kept beside the model.
Tokenizer vocabulary_for(const ClipOptions& options, const ClipConfig& config, const DatasetIndex& index) {
  if (!options.vocabulary.empty()) return load_vocabulary(options.vocabulary, config);
  BytePairTokenizer learned =
      BytePairTokenizer::train(captions_of(index), static_cast<int>(config.text.vocab_size));
  learned.save(std::filesystem::path(options.out).replace_extension(".vocab.json"));
  return learned;
}

Result train_clip(const ClipOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  const TrainRecipe recipe = as_usage([&] {
    return train_recipe_from_json(options.recipe.given(), named_recipe(options.base, RecipeModel::clip));
  });
  const ClipConfig config = as_usage([&] { return clip_config(options.clip); });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "train");
  const Tokenizer tokenizer = vocabulary_for(options, config, index);
  const LoadedData data = load_data(options.data, index, tokenizer, config.image_size,
                                    config.text.context_length, options.skip_bad, globals);
  const nlohmann::json identity{
      {"clip", to_json(config)}, {"data", data_hash(data.pairs)}, {"precision", name_of(compute.precision)}};
  ClipTrainer trainer(config, recipe, data.pairs, compute);
  resume_if_asked(trainer, options.checkpoint, identity);

  const Trained trained = train_to_end(trainer, "train clip", options, identity, globals);
  trainer.with_average([&] {
    save_clip(options.out, trainer.model(), trainer.parameters(), tokenizer,
              {{"recipe", to_json(recipe)}, {"precision", name_of(compute.precision)}});
  });

  Result result{{{"model", options.out},
                 {"steps", trainer.total_steps()},
                 {"loss", trained.loss},
                 {"pictures", data.pairs.count()},
                 {"skipped", data.skipped},
                 {"data_share", {{"reading", data.data_share}, {"training", trained.data_share}}},
                 {"recipe", to_json(recipe)},
                 {"precision", name_of(compute.precision)},
                 {"seconds", seconds_since(start)}},
                concat(options.out, ": ", trainer.total_steps(), " steps on ", data.pairs.count(),
                       " pictures", skipped_text(data.skipped), " in ", duration_text(seconds_since(start))),
                0};
  if (!options.evaluate.empty()) {
    RetrievalOptions retrieval;
    fill_evaluation(retrieval, options);
    const Result scores = evaluate_retrieval(retrieval, globals);
    result.json["evaluation"] = scores.json;
    result.text += "\n" + scores.text;
  }
  return result;
}

}  // namespace

void add_train_clip(CLI::App& train, Globals& globals) {
  CLI::App& command =
      add_command(train, "clip", "Train a CLIP from scratch on captioned pictures",
                  "train clip --data emoji-google --clip emoji-resnet --out clip.safetensors --epochs 16 "
                  "--eval emoji-twitter",
                  globals);
  const auto options = std::make_shared<ClipOptions>(command);
  add_model_training_flags(command, *options, "retrieval");
  command.add_option("--clip", options->clip, "A configuration by name, or a .json file")
      ->capture_default_str();
  command.add_option(
      "--vocab", options->vocabulary,
      vocabulary_help() + "; without it one is learned from the captions and saved beside the model");
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_clip(*options, globals); };
  });
}

}  // namespace t2ue::apps
