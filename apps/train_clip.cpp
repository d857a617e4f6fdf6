// `t2ue train clip`.
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/optim/trainer.hpp>

#include "foreign_clip.hpp"
#include "retrieval.hpp"
#include "train_commands.hpp"
#include "training.hpp"

namespace t2ue::apps {

namespace {

struct ClipOptions {
  explicit ClipOptions(CLI::App& command)
      : recipe(command, to_json(TrainRecipe{}), recipe_help(), {"mixup_alpha"}) {}
  std::string data, clip = "emoji-resnet", out, vocabulary, evaluate;
  ComputeFlags compute;
  CheckpointOptions checkpoint;
  bool skip_bad = false;
  JsonFlags recipe;
  DatasetFlags dataset;
};

/// The vocabulary given, or one learned from the captions and kept beside the model.
Tokenizer vocabulary_for(const ClipOptions& options, const ClipConfig& config, const DatasetIndex& index) {
  if (!options.vocabulary.empty()) return load_vocabulary(options.vocabulary, config);
  BytePairTokenizer learned =
      BytePairTokenizer::train(captions_of(index), static_cast<int>(config.text.vocab_size));
  learned.save(std::filesystem::path(options.out).replace_extension(".vocab.json"));
  return learned;
}

/// What --eval measures: another data set, told by itself, or the split "test" of the one trained on.
RetrievalOptions retrieval_of(const ClipOptions& options) {
  RetrievalOptions retrieval;
  retrieval.model = options.out;
  retrieval.data = options.evaluate;
  retrieval.device = options.compute.device;
  retrieval.skip_bad = options.skip_bad;
  if (options.evaluate == options.data) {
    retrieval.dataset = options.dataset;
    retrieval.dataset.split.clear();
  }
  return retrieval;
}

Result train_clip(const ClipOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  const TrainRecipe recipe = as_usage([&] { return train_recipe_from_json(options.recipe.values()); });
  const ClipConfig config = as_usage([&] { return clip_config(options.clip); });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "train");
  const Tokenizer tokenizer = vocabulary_for(options, config, index);
  const LoadedData data = load_data(options.data, index, tokenizer, config.image_size,
                                    config.text.context_length, options.skip_bad, globals);
  const nlohmann::json identity{
      {"clip", to_json(config)}, {"data", data_hash(data.pairs)}, {"precision", name_of(compute.precision)}};
  ClipTrainer trainer(config, recipe, data.pairs, compute.device, Execution::planned, compute.precision);
  resume_if_asked(trainer, options.checkpoint, identity);

  nlohmann::json loss;
  const auto training = Clock::now();
  {
    ProgressBar bar({"train clip", trainer.total_steps(), "steps", trainer.steps()},
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
  const double data_share = trainer.data_seconds() / seconds_since(training);
  trainer.with_average([&] {
    save_clip(options.out, trainer.model(), trainer.parameters(), tokenizer,
              {{"recipe", to_json(recipe)}, {"precision", name_of(compute.precision)}});
  });

  Result result{{{"model", options.out},
                 {"steps", trainer.total_steps()},
                 {"loss", loss},
                 {"pictures", data.pairs.count()},
                 {"skipped", data.skipped},
                 {"data_share", {{"reading", data.data_share}, {"training", data_share}}},
                 {"recipe", to_json(recipe)},
                 {"precision", name_of(compute.precision)},
                 {"seconds", seconds_since(start)}},
                concat(options.out, ": ", trainer.total_steps(), " steps on ", data.pairs.count(),
                       " pictures", skipped_text(data.skipped), " in ", duration_text(seconds_since(start))),
                0};
  if (!options.evaluate.empty()) {
    const Result scores = evaluate_retrieval(retrieval_of(options), globals);
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
  command.add_option("--data", options->data, dataset_help())->required();
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  command.add_option("--clip", options->clip, "A configuration by name, or a .json file")
      ->capture_default_str();
  command.add_option("--out", options->out, "Model file to write (.safetensors)")->required();
  command.add_option(
      "--vocab", options->vocabulary,
      vocabulary_help() + "; without it one is learned from the captions and saved beside the model");
  command.add_option(
      "--eval", options->evaluate,
      "Data set to measure retrieval on afterwards; of the one trained on, its split \"test\"");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out pictures that cannot be read");
  add_checkpoint_flags(command, options->checkpoint, "steps");
  add_compute(command, options->compute);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_clip(*options, globals); };
  });
}

}  // namespace t2ue::apps
