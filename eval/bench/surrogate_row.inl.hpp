#pragma once

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/eval/bench/surrogate_row.hpp>
#include <t2ue/eval/bench/trained_file.hpp>
#include <t2ue/methods/feature_clusters.hpp>
#include <t2ue/methods/table_noise.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/report/results_table.hpp>

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
double train_surrogate_row(const SurrogateMethod& method, const SurrogateRowOptions& options,
                           const Config& surrogate, const PairDataset& pictures, const Tokenizer* tokenizer,
                           const std::filesystem::path& file, const RowContext& context) {
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

inline double train_surrogate_row(const SurrogateMethod& method, const SurrogateRowOptions& options,
                                  const std::filesystem::path& file, const RowContext& context) {
  if (method.reads_captions) {
    PairDataset pictures = context.data.train();
    const Tokenizer& tokenizer = context.data.tokenizer(options.clip.text.vocab_size);
    tokenise_captions(pictures, tokenizer, static_cast<int>(options.clip.text.context_length));
    return train_surrogate_row<Clip>(method, options, options.clip, pictures, &tokenizer, file, context);
  }
  ClassifierConfig surrogate = options.classifier;
  const bool tells_classes = options.preset.policy.objective == NoiseObjective::supervised;
  surrogate.outputs =
      tells_classes ? static_cast<int64_t>(context.data.train().label_names.size()) : options.feature_width;
  return train_surrogate_row<Classifier>(method, options, surrogate, context.data.train(), nullptr, file,
                                         context);
}

}  // namespace detail

T2UE_INLINE SurrogateRowOptions surrogate_row_options(const SurrogateMethod& method,
                                                      const nlohmann::json& json, BenchTask task) {
  const std::string where = concat("options of ", method.name);
  check(method.reads_captions == (task == BenchTask::image_text), method.name, "is a method for ",
        method.reads_captions ? "captions" : "classes", ", and the task is ", name_of(task));
  JsonReader reader(json, where);
  const auto unit =
      kind_named<NoiseUnit>(reader.get<std::string>("unit", std::string(name_of(method.units.front()))));
  SurrogateRowOptions options;
  options.preset = surrogate_preset(method, unit);
  if (method.reads_captions) {
    options.clip = clip_config(default_surrogate(method));
    detail::model_option(reader, "surrogate", options.clip, clip_config, clip_config_from_json);
  } else {
    options.classifier = classifier_config(default_surrogate(method));
    detail::model_option(reader, "surrogate", options.classifier, classifier_config,
                         classifier_config_from_json);
  }
  const nlohmann::json none = nlohmann::json::object();
  options.preset.policy =
      noise_policy_from_json(reader.get<nlohmann::json>("policy", none), options.preset.policy);
  check(options.preset.policy.unit == unit, where, "the unit is an option of its own, not of the policy");
  options.preset.recipe =
      train_recipe_from_json(reader.get<nlohmann::json>("recipe", none), options.preset.recipe);
  options.feature_width = reader.in_range("feature_width", int64_t{2}, int64_t{65536}, int64_t{128});
  options.publish_triggers = reader.get<bool>("publish_triggers", false);
  check(!options.publish_triggers || options.preset.policy.trigger_tokens > 0, where,
        "has no triggers to publish: 'publish_triggers' is of mem3 and mem5");
  reader.done();
  return options;
}

T2UE_INLINE BuiltRow build_surrogate_row(const SurrogateMethod& method, const nlohmann::json& json,
                                         const RowContext& context) {
  const SurrogateRowOptions options = surrogate_row_options(method, json, context.plan.task);
  const std::string name =
      method.name + "-" +
      short_key({{"method", method.name},
                 {"policy", to_json(options.preset.policy)},
                 {"recipe", to_json(options.preset.recipe)},
                 {"surrogate", method.reads_captions ? to_json(options.clip) : to_json(options.classifier)},
                 {"feature_width", options.feature_width},
                 {"eps", context.eps_steps},
                 {"seed", context.seed},
                 {"train", context.data.train_hash()},
                 {"precision", name_of(context.compute.precision)}});
  const TrainedFile trained = trained_once(context.store, name, [&](const std::filesystem::path& file) {
    return detail::train_surrogate_row(method, options, file, context);
  });
  NoiseTableFile file = read_noise_table(trained.path);
  BuiltRow row{{nullptr, nullptr}, trained.seconds};
  if (options.publish_triggers) {
    check(!file.triggers.empty(), method.name, trained.path,
          " has no triggers; remove it to have it made anew");
    for (size_t i = 0; i < file.keys.size(); ++i) row.triggers[file.keys[i]] = file.triggers[i];
  }
  row.method.noise = std::make_shared<TableNoise>(std::move(file));
  return row;
}

}  // namespace t2ue
