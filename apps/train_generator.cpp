// `t2ue train generator`.
#include <t2ue/core/unit_rows.hpp>
#include <t2ue/methods/t2ue_training.hpp>
#include <t2ue/methods/training_part.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/training/conditioner.hpp>

#include "bilevel_training.hpp"
#include "caption_towers.hpp"
#include "foreign_clip.hpp"
#include "generator_preset.hpp"
#include "train_commands.hpp"

namespace t2ue::apps {

namespace {

struct GeneratorOptions {
  explicit GeneratorOptions(CLI::App& command)
      : recipe(command, "recipe", TrainRecipe{},
               {"epochs", "warmup_share", "warmup_steps", "ema_decay", "augmentation_policy",
                "augmentation_draws", "adversarial_radius", "adversarial_steps"}),
        policy(command, "policy", BiLevelPolicy{}) {}
  std::string data, preset, clip, generator, text, frozen, weights, vocabulary, cache, out, limiter;
  ComputeFlags compute;
  int eps = 0;
  int64_t keywords = 0, epochs = 0;
  bool labels = false, all_captions = false, skip_bad = false;
  CheckpointOptions checkpoint;
  FieldFlags recipe, policy;
  DatasetFlags dataset;

  /// Is the surrogate given with weights, which then stay as they are?
  bool freezes() const { return !frozen.empty() || !weights.empty(); }
};

/// What a run does, flags and recipe put together.
struct GeneratorPlan {
  GeneratorPreset preset;
  TrainRecipe recipe;
  BiLevelPolicy policy;  ///< its rounds follow from `epochs`, where those are not 0, and the data
  int64_t epochs = 0;
  GeneratorConfig generator = generator_config("emoji");
  ClipConfig surrogate;  ///< not set where --frozen names a file
};

void check_usage(const GeneratorOptions& options) {
  const auto refuse = [](bool wrong, const std::string& why) {
    if (wrong) throw BadUsage("[usage] " + why);
  };
  refuse(!options.frozen.empty() && !options.weights.empty(),
         "--weights and --frozen both name the surrogate's weights; give one of them");
  refuse(!options.vocabulary.empty() && options.weights.empty(),
         "--vocab is the vocabulary of --weights; model files have their own");
  refuse(options.text.empty() && !options.freezes(),
         "--text names the model file whose text tower embeds the captions; it is required");
  refuse(options.labels && options.freezes(),
         "--frozen and --weights are a CLIP; with --labels the surrogate is a classifier trained here");
  refuse(options.labels && options.keywords > 0,
         "--labels makes noise from class names, --keywords from captions; give one of them");
  refuse(options.labels && options.all_captions,
         "--labels makes noise from class names, --all-captions from captions; give one of them");
  refuse(options.epochs > 0 && options.policy.given().contains("rounds"),
         "--epochs and --rounds both say how long to train; give one of them");
  for (const char* key : {"surrogate_steps", "restart_every"})
    refuse(options.freezes() && options.policy.given().value(key, 0) > 0,
           "--frozen and --weights keep the surrogate as it is; --surrogate-steps and --restart-every are 0");
}

GeneratorPlan plan_for(const GeneratorOptions& options) {
  check_usage(options);
  GeneratorPlan plan;
  plan.preset = generator_preset(!options.preset.empty()    ? options.preset
                                 : !options.weights.empty() ? "paper"
                                                            : "bilevel");
  if (plan.preset.name == "paper" && !options.freezes())
    throw BadUsage("[usage] the paper's surrogate is a trained CLIP: give --weights or --frozen");
  plan.recipe = train_recipe_from_json(options.recipe.given(), plan.preset.recipe);
  plan.policy = bilevel_policy_from_json(options.policy.given(), plan.preset.policy);
  if (options.freezes()) plan.policy.surrogate_steps = 0, plan.policy.restart_every = 0;
  if (!options.policy.given().contains("rounds"))
    plan.epochs = options.epochs > 0 ? options.epochs : plan.preset.epochs;
  GeneratorConfig& generator = plan.generator;
  generator = generator_config(options.generator.empty() ? plan.preset.generator : options.generator);
  generator.name = std::filesystem::path(generator.name).stem().string();
  if (options.eps > 0) generator.bound.eps = static_cast<float>(options.eps) / 255.0f;
  if (!options.limiter.empty()) generator.bound.limiter = kind_named<Limiter>(options.limiter);
  if (options.frozen.empty())
    plan.surrogate = clip_config(options.clip.empty() ? plan.preset.clip : options.clip);
  return plan;
}

/// The CLIPs that a run starts from.
struct LoadedTowers {
  std::optional<LoadedClip> frozen;  ///< the surrogate, where it has weights
  std::optional<LoadedClip> text;    ///< what embeds the captions, where that is another

  const LoadedClip& embedding() const { return text ? *text : *frozen; }
  /// A frozen surrogate reads captions with its own vocabulary, a fresh one with that of --text.
  const LoadedClip& reading() const { return frozen ? *frozen : *text; }
};

LoadedTowers load_towers(const GeneratorOptions& options, const ClipConfig& surrogate) {
  LoadedTowers towers;
  if (!options.frozen.empty()) towers.frozen = load_clip(options.frozen);
  if (!options.weights.empty())
    towers.frozen = load_foreign_clip(surrogate, options.weights, options.vocabulary);
  if (!options.text.empty()) towers.text = load_clip(options.text);
  return towers;
}

/// Features that are computed, or read from --feature-cache.
Conditioner::Rows by_tower(CaptionEncoder& encoder, FeatureReader& features) {
  return [&](std::span<const std::string> texts) { return features(encoder, texts); };
}

/// What the generator is told of each picture: its captions, their keyword, or its class.
/// `features_of_all`: those of all captions by the tower that embeds them, or nothing if they are not known.
Conditions conditions_for(const GeneratorOptions& options, const PairDataset& data, CaptionEncoder& encoder,
                          FeatureReader& features, const std::vector<float>& features_of_all,
                          const CaptionKeywords& keywords) {
  if (options.labels)
    return Conditioner(encoder.config().embed_dim, by_tower(encoder, features)).of_classes(data);
  const std::vector<std::string> texts = noise_texts(data, options.all_captions);
  const bool are_first_captions = !options.all_captions && keywords.groups() == 0;
  if (!are_first_captions || features_of_all.empty())
    return Conditioner(encoder.config().embed_dim, by_tower(encoder, features), keywords).of_texts(texts);
  const auto known = [&](std::span<const std::string>) {
    std::vector<float> rows;
    for (int64_t i = 0; i < data.count(); ++i) {
      const auto row = features_of_all.begin() + data.caption_row(i, 0) * encoder.config().embed_dim;
      rows.insert(rows.end(), row, row + encoder.config().embed_dim);
    }
    return rows;
  };
  return Conditioner(encoder.config().embed_dim, known).of_texts(texts);
}

/// The surrogate's classifier: the residual tower of `config` with a class an output.
ClassifierConfig classifier_like(const ClipConfig& config, const PairDataset& data) {
  check(config.resnet.has_value(), "train", "with --labels the surrogate is a residual network, but ",
        config.name, " has no \"widths\" in its vision_cfg");
  for (size_t i = 0; i < data.labels.size(); ++i)
    check(data.labels[i] >= 0, "train", "'", data.keys[i], "' has no label");
  return {config.name, config.image_size, static_cast<int64_t>(data.label_names.size()), *config.resnet};
}

Result train_generator(const GeneratorOptions& options, const Globals& globals) {
  const auto start = Clock::now();
  GeneratorPlan plan = as_usage([&] { return plan_for(options); });
  const Compute compute = compute_of(options.compute);
  check_outputs(options.out, options.checkpoint);
  LoadedTowers towers = load_towers(options, plan.surrogate);
  if (!options.frozen.empty()) plan.surrogate = towers.frozen->config();
  const ClipConfig& surrogate = plan.surrogate;
  const std::unique_ptr<CaptionEncoder> encoder = encoder_of(towers.embedding(), compute.device);
  check(plan.generator.condition() == encoder->config().embed_dim, "train", "the generator ",
        plan.generator.name, " takes captions as ", plan.generator.condition(),
        " numbers, the text tower of ", towers.embedding().config().name, " gives ",
        encoder->config().embed_dim, "; choose a --generator with that \"condition\"");
  const Tokenizer& tokenizer = towers.reading().tokenizer;
  check(tokenizer.vocab_size() <= surrogate.text.vocab_size, "train", "the vocabulary of ", options.text,
        " has ", tokenizer.vocab_size(), " tokens, the surrogate ", surrogate.name, " knows ",
        surrogate.text.vocab_size);

  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "train");
  const LoadedData data = load_data(options.data, index, tokenizer, surrogate.image_size,
                                    surrogate.text.context_length, options.skip_bad, globals);
  if (plan.epochs > 0)
    plan.policy.rounds = rounds_of(plan.epochs, data.pairs.count(), plan.recipe, plan.policy);
  CaptionKeywords keywords;
  if (options.keywords > 0)
    keywords = CaptionKeywords::learn(noise_texts(data.pairs, options.all_captions), options.keywords);

  FeatureReader features(options.cache, globals);
  std::vector<float> surrogate_text;  // of all captions, by a surrogate that stays as it is
  if (towers.frozen)
    surrogate_text =
        features(towers.text ? *encoder_of(*towers.frozen, compute.device) : *encoder, data.pairs.captions);
  const Conditions conditions = conditions_for(options, data.pairs, *encoder, features,
                                               towers.text ? std::vector<float>{} : surrogate_text, keywords);

  nlohmann::json record{{"preset", plan.preset.name},
                        {"recipe", to_json(plan.recipe)},
                        {"policy", to_json(plan.policy)},
                        {"epochs", plan.epochs},
                        {"labels", options.labels},
                        {"all_captions", options.all_captions},
                        {"surrogate", surrogate.name},
                        {"text_sha256", encoder->parameters().sha256()},
                        {"precision", name_of(compute.precision)}};
  if (towers.frozen) record["frozen_sha256"] = towers.frozen->parameters->sha256();
  const nlohmann::json identity{
      {"generator", to_json(plan.generator)}, {"surrogate", to_json(surrogate)},
      {"data", data_hash(data.pairs)},        {"vocabulary", sha256_hex(encoder->tokenizer().to_json())},
      {"keywords", keywords.words},           {"record", record}};

  const int64_t pass = rounds_of(1, data.pairs.count(), plan.recipe, plan.policy);
  T2ueJob job{.generator = plan.generator,
              .surrogate = surrogate,
              .policy = plan.policy,
              .recipe = plan.recipe,
              .pictures = data.pairs,
              .conditions = conditions,
              .encoder = *encoder,
              .keywords = keywords,
              .compute = compute,
              .record = record.dump()};
  if (options.labels) job.surrogate = classifier_like(surrogate, data.pairs);
  if (towers.frozen) {
    job.start_surrogate = [&](ParameterSet& parameters) {
      parameters.copy_from(*towers.frozen->parameters);
      towers.frozen.reset();
    };
    make_unit_rows(surrogate_text, surrogate.text.embed_dim);
    job.surrogate_text_features = std::move(surrogate_text);
  }
  Result result;
  train_t2ue(std::move(job), options.out, [&](TrainingRun& run) {
    result = run_bilevel(run, "train generator", options.checkpoint, pass, identity, globals);
  });
  result.json["data_share"]["reading"] = data.data_share;
  result.json.update(record);
  result.json.update({{"generator", options.out},
                      {"generator_config", to_json(plan.generator)},
                      {"pictures", data.pairs.count()},
                      {"skipped", data.skipped},
                      {"feature_cache", features.counts()},
                      {"seconds", seconds_since(start)}});
  result.text = concat(options.out, ": ", plan.policy.rounds, " rounds on ", data.pairs.count(), " pictures",
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
  command
      .add_option(
          "--recipe", options->preset,
          "Where flags that are not given start from: paper (T2UE's: a frozen CLIP, --clip "
          "ViT-B-32-quickgelu, --generator t2ue, --epochs 500, --noise-learning-rate 1e-4 without warm-up, "
          "--fresh-latents, --translation 0, --no-flip), textures (--rounds 160 --restart-every 80 "
          "--surrogate-steps 20 --noise-learning-rate 2e-4 --noise-beta1 0.5 --noise-beta2 0.99 --warm-steps "
          "600 "
          "--warm-share 0.5 --final-share 0.95 --batch 64), or bilevel (the defaults shown here). "
          "Without it paper if --weights is given")
      ->check(CLI::IsMember({"paper", "textures", "bilevel"}));
  command.add_option("--clip", options->clip, "The surrogate: a configuration by name, or a .json file")
      ->default_str("emoji-resnet");
  command.add_option("--generator", options->generator, "A configuration by name, or a .json file")
      ->default_str("emoji");
  command.add_option("--weights", options->weights,
                     weights_help() + ": the surrogate's, which then stay as they are");
  command.add_option("--vocab", options->vocabulary,
                     vocabulary_help() + "; that of --weights, without it what is beside them");
  command.add_option("--frozen", options->frozen,
                     "Model file with the surrogate's weights, which then stay as they are");
  command.add_option("--text", options->text,
                     "Model file whose text tower embeds the captions; without it that of --weights or "
                     "--frozen");
  command.add_option(
      "--feature-cache", options->cache,
      "Folder to keep the captions' features in, for the next run with the same text tower and "
      "captions");
  command
      .add_option("--epochs", options->epochs,
                  "Passes over the pictures, instead of --rounds; 0: the recipe's, or --rounds")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command.add_option("--out", options->out, "Generator file to write (.safetensors)")->required();
  command.add_option("--eps", options->eps, "Budget in steps of 1/255; 0: the generator configuration's")
      ->check(CLI::Range(0, 127))
      ->capture_default_str();
  command.add_option("--limiter", options->limiter, "tanh_scale or clamp, instead of the configuration's")
      ->check(CLI::IsMember(kind_names({Limiter::tanh_scale, Limiter::clamp})));
  command
      .add_option("--keywords", options->keywords,
                  "Captions in so many groups, by the words that most of them share; a group has one noise. "
                  "0: every caption its own")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 31))
      ->capture_default_str();
  command.add_flag("--all-captions", options->all_captions,
                   "Noise from all captions of a picture (noise --per all-captions), not from its first");
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
