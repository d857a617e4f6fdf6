// `t2ue train generator`.
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/methods/textures.hpp>
#include <t2ue/optim/bilevel.hpp>
#include <t2ue/optim/clip_file.hpp>

#include "class_prompt.hpp"
#include "train_commands.hpp"
#include "training.hpp"

namespace t2ue::apps {

namespace {

const std::map<std::string, std::string>& policy_help() {
  static const std::map<std::string, std::string> help{
      {"rounds", "Rounds of surrogate steps, then noise steps"},
      {"surrogate_steps", "Updates of the surrogate a round; 0: it never trains"},
      {"noise_steps", "Updates of the generator a round"},
      {"restart_every", "Rounds after which the surrogate starts anew; 0: never"},
      {"noise_rate", "The generator's learning rate, 0..10"},
      {"warm_steps", "Updates that teach the generator a texture a keyword or class before the first round"},
      {"warm_rate", "The generator's learning rate in those, 0..10"},
      {"noise_beta1", "Of the generator's Adam, 0..1"},
      {"noise_beta2", "Of the generator's Adam, 0..1"}};
  return help;
}

struct GeneratorOptions {
  explicit GeneratorOptions(CLI::App& command)
      : recipe(command, to_json(TrainRecipe{}), recipe_help(), {"epochs", "warmup_share", "ema_decay"}),
        policy(command, to_json(BiLevelPolicy{}), policy_help()) {}
  std::string data, clip = "emoji-resnet", generator = "emoji", text, frozen, out, limiter;
  ComputeFlags compute;
  int eps = 0;
  int64_t keywords = 0;
  bool labels = false, skip_bad = false;
  CheckpointOptions checkpoint;
  JsonFlags recipe, policy;
  DatasetFlags dataset;
};

SsaGeneratorConfig generator_for(const GeneratorOptions& options) {
  SsaGeneratorConfig config = generator_config(options.generator);
  config.name = std::filesystem::path(config.name).stem().string();
  if (options.eps > 0) config.eps = static_cast<float>(options.eps) / 255.0f;
  if (!options.limiter.empty()) config.limiter = kind_named<Limiter>(options.limiter);
  return config;
}

BiLevelPolicy policy_for(const GeneratorOptions& options) {
  BiLevelPolicy policy = bilevel_policy_from_json(options.policy.values());
  if (!options.frozen.empty()) {
    policy.surrogate_steps = 0;
    policy.restart_every = 0;
  }
  return policy;
}

const std::string& first_caption(const PairDataset& data, int64_t i) {
  return data.captions[static_cast<size_t>(data.caption_row(i, 0))];
}

/// What the generator is told of each picture: its first caption, that caption's keyword, or its class.
Conditions conditions_for(const GeneratorOptions& options, const PairDataset& data, CaptionEncoder& encoder,
                          const CaptionKeywords& keywords, const SsaGeneratorConfig& generator, bool warm) {
  std::vector<std::string> texts;
  Conditions conditions;
  conditions.width = encoder.config().embed_dim;
  if (options.labels) {
    for (const std::string& label : data.label_names) texts.push_back(class_prompt(label));
    conditions.row_of_item = data.labels;
  } else if (keywords.groups() > 0) {
    texts = keywords.prompts();
    for (int64_t i = 0; i < data.count(); ++i)
      conditions.row_of_item.push_back(keywords.group_of(first_caption(data, i)));
  } else {
    for (int64_t i = 0; i < data.count(); ++i) {
      texts.push_back(first_caption(data, i));
      conditions.row_of_item.push_back(static_cast<int32_t>(i));
    }
  }
  conditions.table = encoder.encode(texts);
  if (warm) conditions.start = texture_starts(static_cast<int64_t>(texts.size()), generator.output_size());
  return conditions;
}

/// The surrogate's classifier: the residual tower of `config` with a class an output.
ResNetConfig classifier_like(const ClipConfig& config, const PairDataset& data) {
  check(config.resnet.has_value(), "train", "with --labels the surrogate is a residual network, but ",
        config.name, " has no \"widths\" in its vision_cfg");
  for (size_t i = 0; i < data.labels.size(); ++i)
    check(data.labels[i] >= 0, "train", "'", data.keys[i], "' has no label");
  ResNetConfig classifier = *config.resnet;
  classifier.outputs = static_cast<int64_t>(data.label_names.size());
  return classifier;
}

template <class Trainer>
Result run_bilevel(Trainer& trainer, const GeneratorOptions& options, const PairDataset& data,
                   const nlohmann::json& identity, const Globals& globals) {
  resume_if_asked(trainer, options.checkpoint, identity);
  nlohmann::json surrogate, noise;
  const int64_t batch = options.recipe.values().at("batch");
  const int64_t pass = std::max<int64_t>(1, data.count() / batch);
  ProgressBar bar({"train generator", trainer.total_rounds(), "rounds", trainer.rounds()},
                  progress_style(globals.progress));
  run_to_end(
      trainer.rounds(), trainer.total_rounds(),
      options.checkpoint.every > 0 ? options.checkpoint.every : pass, options.checkpoint, bar,
      [&] {
        const auto losses = trainer.round();
        surrogate = losses.surrogate;
        noise = losses.noise;
        return 0.0;
      },
      [&] { trainer.save(options.checkpoint.file, identity); });
  bar.finish();
  return {{{"rounds", trainer.total_rounds()}, {"surrogate_loss", surrogate}, {"noise_loss", noise}}, "", 0};
}

Result train_generator(const GeneratorOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  const TrainRecipe recipe = as_usage([&] { return train_recipe_from_json(options.recipe.values()); });
  const BiLevelPolicy policy = as_usage([&] { return policy_for(options); });
  const SsaGeneratorConfig generator = as_usage([&] { return generator_for(options); });
  const std::string text_file = options.text.empty() ? options.frozen : options.text;
  if (text_file.empty())
    throw BadUsage(
        "[usage] --text names the model file whose text tower embeds the captions; it is required");
  if (options.labels && !options.frozen.empty())
    throw BadUsage("[usage] --frozen is a CLIP; with --labels the surrogate is a classifier trained here");
  if (options.labels && options.keywords > 0)
    throw BadUsage(
        "[usage] --labels makes noise from class names, --keywords from captions; give one of them");
  const ClipConfig surrogate = options.frozen.empty() ? as_usage([&] { return clip_config(options.clip); })
                                                      : load_clip(options.frozen).config();
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);

  const LoadedClip text = load_clip(text_file);
  CaptionEncoder encoder(text.config().text, text.tokenizer, compute.device);
  restore_clip(text_file, encoder.parameters());
  // A frozen surrogate reads captions with its own vocabulary, a fresh one with that of --text.
  const Tokenizer tokenizer = options.frozen.empty() ? text.tokenizer : load_clip(options.frozen).tokenizer;
  check(tokenizer.vocab_size() <= surrogate.text.vocab_size, "train", "the vocabulary of ", text_file,
        " has ", tokenizer.vocab_size(), " tokens, the surrogate ", surrogate.name, " knows ",
        surrogate.text.vocab_size);
  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "train");
  const LoadedData data = load_data(options.data, index, tokenizer, surrogate.image_size,
                                    surrogate.text.context_length, options.skip_bad, globals);
  CaptionKeywords keywords;
  if (options.keywords > 0) {
    std::vector<std::string> captions;
    for (int64_t i = 0; i < data.pairs.count(); ++i) captions.push_back(first_caption(data.pairs, i));
    keywords = CaptionKeywords::learn(captions, options.keywords);
  }
  const Conditions conditions =
      conditions_for(options, data.pairs, encoder, keywords, generator, policy.warm_steps > 0);
  const nlohmann::json record{{"recipe", to_json(recipe)},
                              {"policy", to_json(policy)},
                              {"labels", options.labels},
                              {"precision", name_of(compute.precision)}};
  nlohmann::json identity{{"generator", to_json(generator)},
                          {"surrogate", to_json(surrogate)},
                          {"data", data_hash(data.pairs)},
                          {"text", sha256_file(text_file)},
                          {"keywords", keywords.words},
                          {"labels", options.labels},
                          {"precision", name_of(compute.precision)}};
  if (!options.frozen.empty()) identity["frozen"] = sha256_file(options.frozen);

  const auto finish = [&](auto& trainer) {
    Result result = run_bilevel(trainer, options, data.pairs, identity, globals);
    save_generator(options.out, generator, trainer.generator_parameters(), encoder, recipe.seed, keywords,
                   record.dump());
    return result;
  };
  Result result;
  if (options.labels) {
    BiLevelTrainer<ResNet> trainer(generator, classifier_like(surrogate, data.pairs), policy, recipe,
                                   data.pairs, conditions, compute.device, Execution::planned,
                                   compute.precision);
    result = finish(trainer);
  } else {
    BiLevelTrainer<Clip> trainer(generator, surrogate, policy, recipe, data.pairs, conditions, compute.device,
                                 Execution::planned, compute.precision);
    if (!options.frozen.empty()) restore_clip(options.frozen, trainer.surrogate_parameters());
    result = finish(trainer);
  }
  result.json.update({{"generator", options.out},
                      {"pictures", data.pairs.count()},
                      {"skipped", data.skipped},
                      {"recipe", to_json(recipe)},
                      {"policy", to_json(policy)},
                      {"precision", name_of(compute.precision)},
                      {"seconds", seconds_since(start)}});
  result.text = concat(options.out, ": ", policy.rounds, " rounds on ", data.pairs.count(), " pictures",
                       skipped_text(data.skipped), " in ", duration_text(seconds_since(start)));
  return result;
}

}  // namespace

void add_train_generator(CLI::App& train, Globals& globals) {
  CLI::App& command = add_command(
      train, "generator", "Train a generator of noise from captions, bi-levelly or against a frozen CLIP",
      "train generator --data emoji-google --text clip.safetensors --out generator.safetensors "
      "--rounds 300 --restart-every 100",
      globals);
  const auto options = std::make_shared<GeneratorOptions>(command);
  command.add_option("--data", options->data, dataset_help())->required();
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  command.add_option("--clip", options->clip, "The surrogate: a configuration by name, or a .json file")
      ->capture_default_str();
  command.add_option("--generator", options->generator, "A configuration by name, or a .json file")
      ->capture_default_str();
  command.add_option("--text", options->text,
                     "Model file whose text tower embeds the captions; as --frozen if that is given");
  command.add_option("--frozen", options->frozen,
                     "Model file with the surrogate's weights, which then stay as they are");
  command.add_option("--out", options->out, "Generator file to write (.safetensors)")->required();
  command.add_option("--eps", options->eps, "Budget in steps of 1/255; 0: the generator configuration's")
      ->check(CLI::Range(0, 127))
      ->capture_default_str();
  command.add_option("--limiter", options->limiter, "tanh_scale or clamp, instead of the configuration's")
      ->check(CLI::IsMember({"tanh_scale", "clamp"}));
  command
      .add_option("--keywords", options->keywords,
                  "Captions in so many groups, by the words that most of them share; a group has one noise. "
                  "0: every caption its own")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 31))
      ->capture_default_str();
  command.add_flag(
      "--labels", options->labels,
      "Class-wise: one noise a label, from \"a photo of a LABEL\"; the surrogate is a classifier "
      "like --clip's residual tower");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out pictures that cannot be read");
  add_checkpoint_flags(command, options->checkpoint, "rounds");
  add_compute(command, options->compute);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return train_generator(*options, globals); };
  });
}

}  // namespace t2ue::apps
