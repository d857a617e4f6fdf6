// `t2ue train patterns`.
#include <t2ue/data/text/bpe.hpp>
#include <t2ue/methods/training_part.hpp>
#include <t2ue/methods/word_patterns_training.hpp>
#include <t2ue/models/configs.hpp>

#include "bilevel_training.hpp"
#include "generator_preset.hpp"
#include "train_commands.hpp"

namespace t2ue::apps {

namespace {

struct PatternsOptions {
  explicit PatternsOptions(CLI::App& command)
      : recipe(
            command, "recipe", word_patterns_recipe(),
            {"epochs", "warmup_share", "warmup_steps", "ema_decay", "augmentation_policy",
             "augmentation_draws", "adversarial_radius", "adversarial_steps", "mixup_alpha", "cutmix_alpha"}),
        policy(command, "policy", word_patterns_policy(),
               {"warm_steps", "warm_learning_rate", "fresh_latents"}) {}
  std::string data, clip = "emoji-resnet", out;
  ComputeFlags compute;
  int eps = 8;
  int64_t words = 32, size = 8, coarseness = 1;
  bool all_captions = false, skip_bad = false;
  CheckpointOptions checkpoint;
  FieldFlags recipe, policy;
  DatasetFlags dataset;
};

Result train_patterns(const PatternsOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  if (options.coarseness > options.size)
    throw BadUsage(concat("[usage] --coarseness ", options.coarseness, " is above --size ", options.size,
                          ": a pattern holds at least one pixel of its texture"));
  const TrainRecipe recipe =
      as_usage([&] { return train_recipe_from_json(options.recipe.given(), word_patterns_recipe()); });
  const ClipConfig surrogate = as_usage([&] { return clip_config(options.clip); });
  const BiLevelPolicy policy = as_usage([&] {
    const BiLevelPolicy given = bilevel_policy_from_json(options.policy.given(), word_patterns_policy());
    check_word_patterns_policy(given);
    return given;
  });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "train");
  const Tokenizer tokenizer =
      BytePairTokenizer::train(captions_of(index), static_cast<int>(surrogate.text.vocab_size));
  const LoadedData data = load_data(options.data, index, tokenizer, surrogate.image_size,
                                    surrogate.text.context_length, options.skip_bad, globals);
  WordPatternsFile file;
  file.keywords = CaptionKeywords::learn(data.pairs.captions, options.words + 1);
  file.size = options.size;
  file.eps_steps = options.eps;
  const std::vector<std::string> texts = noise_texts(data.pairs, options.all_captions);

  const nlohmann::json record{{"recipe", to_json(recipe)},        {"policy", to_json(policy)},
                              {"coarseness", options.coarseness}, {"all_captions", options.all_captions},
                              {"surrogate", surrogate.name},      {"precision", name_of(compute.precision)}};
  const nlohmann::json identity{{"words", file.keywords.words},  {"size", file.size},
                                {"eps_steps", file.eps_steps},   {"surrogate", to_json(surrogate)},
                                {"data", data_hash(data.pairs)}, {"record", record}};
  Result result;
  train_word_patterns({.file = file,
                       .coarseness = options.coarseness,
                       .surrogate = surrogate,
                       .policy = policy,
                       .recipe = recipe,
                       .pictures = data.pairs,
                       .texts = texts,
                       .compute = compute,
                       .record = record.dump()},
                      options.out, [&](TrainingRun& run) {
                        result =
                            run_bilevel(run, "train patterns", options.checkpoint,
                                        rounds_of(1, data.pairs.count(), recipe, policy), identity, globals);
                      });

  result.json["data_share"]["reading"] = data.data_share;
  result.json.update(record);
  result.json.update({{"patterns", options.out},
                      {"words", file.keywords.words},
                      {"size", file.size},
                      {"eps_steps", file.eps_steps},
                      {"pictures", data.pairs.count()},
                      {"skipped", data.skipped},
                      {"seconds", seconds_since(start)}});
  result.text = concat(options.out, ": patterns of ", file.keywords.words.size(), " words, ", policy.rounds,
                       " rounds on ", data.pairs.count(), " pictures", skipped_text(data.skipped), " in ",
                       duration_text(seconds_since(start)));
  return result;
}

}  // namespace

void add_train_patterns(CLI::App& train, Globals& globals) {
  CLI::App& command = add_command(
      train, "patterns", "Train word_patterns: a noise pattern for each keyword of captions",
      "train patterns --data flickr8k --split train --all-captions --out patterns.safetensors", globals);
  const auto options = std::make_shared<PatternsOptions>(command);
  command.add_option("--data", options->data, dataset_help())->required();
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  command.add_option("--clip", options->clip, "The surrogate: a configuration by name, or a .json file")
      ->capture_default_str();
  command.add_option("--words", options->words, "Keywords, each with a pattern")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->capture_default_str();
  command.add_option("--size", options->size, "Side of a pattern in pixels; it is tiled over the picture")
      ->check(CLI::Range(int64_t{4}, int64_t{1024}))
      ->capture_default_str();
  command
      .add_option("--coarseness", options->coarseness,
                  "Pixels a side of what is a pixel in the textures that patterns start from")
      ->check(CLI::Range(int64_t{1}, int64_t{1024}))
      ->capture_default_str();
  command.add_option("--eps", options->eps, "Budget in steps of 1/255")
      ->check(CLI::Range(1, 127))
      ->capture_default_str();
  command.add_flag("--all-captions", options->all_captions,
                   "Noise from all captions of a picture (noise --per all-captions), not from its first");
  command.add_option("--out", options->out, "File of patterns to write (.safetensors)")->required();
  command.add_flag("--skip-bad", options->skip_bad, "Leave out pictures that cannot be read");
  add_checkpoint_flags(command, options->checkpoint, "rounds");
  add_compute(command, options->compute);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_patterns(*options, globals); };
  });
}

}  // namespace t2ue::apps
