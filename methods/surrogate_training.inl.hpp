#pragma once

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/methods/feature_clusters.hpp>
#include <t2ue/methods/option_fields.hpp>
#include <t2ue/methods/surrogate_training.hpp>
#include <t2ue/methods/table_noise.hpp>
#include <t2ue/methods/trained_file.hpp>
#include <t2ue/training/noise_trainer.hpp>

namespace t2ue {

namespace detail {

/// The finished noise of a trainer in whole steps.
template <class Trainer>
NoiseTableFile rounded_noise(const SurrogateMethod& method, NoiseUnit unit, int eps_steps,
                             const PairDataset& pictures, const Trainer& trainer) {
  NoiseTableFile file;
  file.method = method.name;
  file.unit = unit;
  file.eps_steps = eps_steps;
  file.size = pictures.size;
  const std::vector<float> noise = trainer.noise();
  for (size_t at = 0; at < noise.size(); at += pictures.picture_bytes()) {
    const Pixels row{std::span<const float>(noise).subspan(at, pictures.picture_bytes())};
    const Noise rounded = quantise_noise(row, pictures.size, pictures.size, eps_steps);
    file.steps.insert(file.steps.end(), rounded.steps.begin(), rounded.steps.end());
  }
  if (unit != NoiseUnit::label) {
    file.keys = pictures.keys;
    file.row_of_key = trainer.row_of_item();
  }
  return file;
}

/// The tokens of every item's trigger as words. A token that is no text, part of a letter, is left out, and
/// one that is part of a word makes other tokens when it is read again.
inline std::vector<std::string> trigger_texts(const Tokenizer& tokenizer, std::span<const int32_t> triggers,
                                              int tokens) {
  std::vector<std::string> texts(triggers.size() / static_cast<size_t>(tokens));
  for (size_t i = 0; i < triggers.size(); ++i) {
    std::string word = tokenizer.decode(triggers.subspan(i, 1));
    std::erase_if(word, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
    if (word.empty() || !valid_utf8(word)) continue;
    std::string& text = texts[i / static_cast<size_t>(tokens)];
    text += (text.empty() ? "" : " ") + word;
  }
  return texts;
}

/// Returns the seconds that earlier runs spent, as do those that call it.
template <class Model, class Config>
double train_surrogate_method(const SurrogateOptions& options, const Config& surrogate,
                              const PairDataset& pictures, const Tokenizer* tokenizer,
                              const std::filesystem::path& file, const TrainContext& context) {
  const SurrogateMethod& method = *options.method;
  TrainRecipe recipe = options.preset.recipe;
  recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  const NoiseTablePolicy& policy = options.preset.policy;
  const int eps_steps = context.eps_steps > 0 ? context.eps_steps : 8;
  NoiseTrainer<Model> trainer(surrogate, policy, static_cast<float>(eps_steps) / 255.0f, recipe, pictures,
                              context.compute, feature_clusters(recipe.seed));
  const double earlier = train_on(trainer, checkpoint_of(file, "noise"), false, context, [&] {
    trainer.advance();
    if (context.progress) context.progress(method.name, trainer.units(), trainer.total_units());
  });
  NoiseTableFile table = rounded_noise(method, policy.unit, eps_steps, pictures, trainer);
  if (policy.trigger_tokens > 0)
    table.triggers = trigger_texts(*tokenizer, trainer.triggers(), policy.trigger_tokens);
  table.training = nlohmann::json{{"policy", to_json(policy)}, {"recipe", to_json(recipe)}}.dump();
  write_noise_table(file, table);
  return earlier;
}

inline double train_surrogate_method(const SurrogateOptions& options, const std::filesystem::path& file,
                                     const TrainContext& context) {
  if (options.method->reads_captions) {
    PairDataset pictures = context.pictures;
    const Tokenizer& tokenizer = context.tokenizer(options.clip.text.vocab_size);
    tokenise_captions(pictures, tokenizer, static_cast<int>(options.clip.text.context_length));
    return train_surrogate_method<Clip>(options, options.clip, pictures, &tokenizer, file, context);
  }
  ClassifierConfig surrogate = options.classifier;
  const bool tells_classes = options.preset.policy.objective == NoiseObjective::supervised;
  surrogate.outputs =
      tells_classes ? static_cast<int64_t>(context.pictures.label_names.size()) : options.feature_width;
  return train_surrogate_method<Classifier>(options, surrogate, context.pictures, nullptr, file, context);
}

inline TrainedFile trained_surrogate_method(const SurrogateOptions& options, const nlohmann::json&,
                                            const TrainContext& context) {
  const SurrogateMethod& method = *options.method;
  const std::string name =
      method.name + "-" +
      short_key({{"method", method.name},
                 {"policy", to_json(options.preset.policy)},
                 {"recipe", to_json(options.preset.recipe)},
                 {"surrogate", method.reads_captions ? to_json(options.clip) : to_json(options.classifier)},
                 {"feature_width", options.feature_width},
                 {"eps", context.eps_steps},
                 {"seed", context.seed},
                 {"train", context.pictures_hash},
                 {"precision", name_of(context.compute.precision)}});
  return trained_once(context, name, [&](const std::filesystem::path& file) {
    return train_surrogate_method(options, file, context);
  });
}

inline Method make_surrogate_method(const SurrogateOptions& options, const MethodRequest& request) {
  NoiseTableFile table = read_noise_table(options.noise);
  check(table.method == request.name, request.name, options.noise, " holds noise of ", table.method);
  Method method;
  if (options.publish_triggers) {
    check(!table.triggers.empty(), request.name, options.noise,
          " has no triggers; remove it to have it made anew");
    for (size_t i = 0; i < table.keys.size(); ++i) method.triggers[table.keys[i]] = table.triggers[i];
  }
  method.noise = std::make_shared<TableNoise>(std::move(table));
  return method;
}

}  // namespace detail

T2UE_INLINE SurrogateOptions::SurrogateOptions(const SurrogateMethod& wanted)
    : method(&wanted), unit(wanted.units.front()), preset(surrogate_preset(wanted, unit)) {
  if (wanted.reads_captions)
    clip = clip_config(default_surrogate(wanted));
  else
    classifier = classifier_config(default_surrogate(wanted));
}

T2UE_INLINE void SurrogateOptions::fields(FieldList& f) {
  using namespace detail;
  f("noise", noise, "file of noise that t2ue bench made; without it t2ue bench makes one by what follows");
  // Before policy and recipe: what they start from is the unit's.
  const std::shared_ptr<FieldValue> whose = std::make_shared<FunctionField>(
      [this](const nlohmann::json& json, const std::string& where) {
        check(json.is_string(), where, "is the name of a unit, not ", json.dump());
        unit = kind_named<NoiseUnit>(json.get<std::string>());
        preset = surrogate_preset(*method, unit);
      },
      name_of(unit));
  f("unit", whose, "sample, class or cluster: what has one noise");
  const std::string plain = default_surrogate(*method);
  const auto surrogate = method->reads_captions
                             ? named_model(clip, plain, clip_config, clip_config_from_json)
                             : named_model(classifier, plain, classifier_config, classifier_config_from_json);
  f("surrogate", surrogate, "a model by name, or as a table");
  const auto who_trains = part_of(preset.policy, noise_policy_from_json);
  f("policy", who_trains, "who trains when, and the noise's steps");
  const auto training = part_of(preset.recipe, train_recipe_from_json);
  f("recipe", training, "how the surrogate is trained");
  f("feature_width", feature_width, in_range(2, 65536), "the surrogate's outputs where those are no classes");
  f("publish_triggers", publish_triggers, "mem3 and mem5: also their words, in front of the captions");
}

T2UE_INLINE void SurrogateOptions::validate() const {
  check(preset.policy.unit == unit, method->name, "the unit is an option of its own, not of the policy");
  check(!publish_triggers || preset.policy.trigger_tokens > 0, method->name,
        "has no triggers to publish: 'publish_triggers' is of mem3 and mem5");
}

T2UE_INLINE std::vector<MethodEntry> surrogate_method_entries() {
  std::vector<MethodEntry> entries;
  for (const SurrogateMethod& method : surrogate_methods()) {
    MethodTraining training;
    training.file_option = "noise";
    training.beside_file = {"publish_triggers"};
    training.tasks = {method.reads_captions ? LearningTask::image_text : LearningTask::classes};
    entries.push_back(trained_method_entry<SurrogateOptions>(
        surrogate_card(method, method.units.front(), 8), SurrogateOptions(method),
        detail::make_surrogate_method, training, detail::trained_surrogate_method));
  }
  return entries;
}

}  // namespace t2ue
