#pragma once

#include <numeric>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/eval/bench/t2ue_row.hpp>
#include <t2ue/eval/bench/trained_file.hpp>
#include <t2ue/eval/bench/training_part.hpp>
#include <t2ue/methods/class_prompt.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/methods/word_textures.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/report/results_table.hpp>

namespace t2ue {

namespace detail {

/// What the generator is told of every picture of `pictures`, whose noise is made from `captions`.
inline Conditions t2ue_conditions(const T2ueRowOptions& options, const PairDataset& pictures,
                                  const std::vector<std::string>& captions, BenchTask task,
                                  CaptionEncoder& encoder, const CaptionKeywords& keywords) {
  Conditions conditions;
  conditions.width = encoder.config().embed_dim;
  std::vector<std::string> texts;
  if (task == BenchTask::classes) {
    for (const std::string& name : pictures.label_names) texts.push_back(class_prompt(name));
    conditions.row_of_item = pictures.labels;
  } else if (keywords.groups() > 0) {
    texts = keywords.prompts();
    for (const std::string& caption : captions) conditions.row_of_item.push_back(keywords.group_of(caption));
  } else {
    texts = captions;
    conditions.row_of_item.resize(texts.size());
    std::iota(conditions.row_of_item.begin(), conditions.row_of_item.end(), 0);
  }
  conditions.table = encoder.encode(texts);
  if (options.policy.warm_steps > 0)
    conditions.start = pattern_starts(texts, task == BenchTask::classes || keywords.groups() > 0,
                                      options.generator.output_size());
  return conditions;
}

/// Trains surrogate and generator; `encoder` and `keywords` go into the file. Returns the seconds that
/// earlier runs spent.
template <class Model, class Config>
double train_t2ue(const T2ueRowOptions& options, const Config& surrogate, const PairDataset& pictures,
                  Conditions conditions, CaptionEncoder& encoder, const CaptionKeywords& keywords,
                  const std::filesystem::path& file, const RowContext& context) {
  TrainRecipe recipe = options.recipe;
  recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  BiLevelPolicy policy = options.policy;
  if (options.frozen_epochs > 0) {
    policy.surrogate_steps = 0;
    policy.restart_every = 0;
  }
  BiLevelTrainer<Model> trainer(options.generator, surrogate, policy, recipe, pictures, std::move(conditions),
                                context.compute);
  double earlier = 0;
  for (int k = 0; options.frozen_epochs > 0 && k < trainer.surrogates(); ++k) {
    TrainRecipe clean = recipe;
    clean.epochs = options.frozen_epochs;
    clean.seed += static_cast<uint64_t>(k);
    Trainer<Model> teacher(surrogate, clean, pictures, context.compute);
    earlier += train_on(teacher, checkpoint_of(file, concat("surrogate-", k)), true, context, [&] {
      teacher.step();
      if (context.progress) context.progress("surrogate", teacher.steps(), teacher.total_steps());
    });
    trainer.surrogate_parameters(k).copy_from(teacher.parameters());
  }
  earlier += train_on(trainer, checkpoint_of(file, "generator"), false, context, [&] {
    trainer.round();
    if (context.progress) context.progress("generator", trainer.rounds(), trainer.total_rounds());
  });
  save_generator(file, options.generator, trainer.generator_parameters(), encoder, trainer.latent_seed(),
                 keywords, nlohmann::json{{"policy", to_json(policy)}, {"recipe", to_json(recipe)}}.dump());
  return earlier;
}

inline double train_t2ue_row(T2ueRowOptions options, const RowContext& context,
                             const std::filesystem::path& file) {
  const BenchTask task = context.plan.task;
  if (context.eps_steps > 0) options.generator.eps = static_cast<float>(context.eps_steps) / 255.0f;
  const TrainingPart part = training_part(context, options.apart, options.clip);
  const PairDataset& pictures = part.pictures;
  // A text tower with random weights: it knows words apart, and nobody's pictures.
  CaptionEncoder encoder(options.clip.text, part.tokenizer, context.compute.device);
  encoder.parameters().initialise(context.seed + 2000);
  CaptionKeywords keywords;
  if (task == BenchTask::image_text && options.keywords > 0)
    keywords = CaptionKeywords::learn(part.noise_texts, options.keywords);
  Conditions conditions = t2ue_conditions(options, pictures, part.noise_texts, task, encoder, keywords);
  if (task == BenchTask::classes) {
    ClassifierConfig surrogate = options.classifier;
    surrogate.fit_to(pictures.size);
    surrogate.outputs = static_cast<int64_t>(pictures.label_names.size());
    return train_t2ue<Classifier>(options, surrogate, pictures, std::move(conditions), encoder, keywords,
                                  file, context);
  }
  return train_t2ue<Clip>(options, options.clip, pictures, std::move(conditions), encoder, keywords, file,
                          context);
}

}  // namespace detail

T2UE_INLINE T2ueRowOptions t2ue_row_options(const nlohmann::json& json, BenchTask task) {
  T2ueRowOptions options;
  options.generator = generator_config("emoji");
  options.clip = clip_config("emoji-resnet");
  options.classifier = classifier_config("resnet8");
  options.policy.noise_optimizer.beta1 = 0.5f;
  options.policy.noise_optimizer.beta2 = 0.99f;
  options.recipe.batch = 64;
  JsonReader reader(json, "options of t2ue");
  detail::model_option(reader, "generator", options.generator, generator_config, generator_config_from_json);
  if (task == BenchTask::classes)
    detail::model_option(reader, "surrogate", options.classifier, classifier_config,
                         classifier_config_from_json);
  else
    detail::model_option(reader, "surrogate", options.clip, clip_config, clip_config_from_json);
  options.policy = bilevel_policy_from_json(reader.get<nlohmann::json>("policy", nlohmann::json::object()),
                                            options.policy);
  options.recipe =
      train_recipe_from_json(reader.get<nlohmann::json>("recipe", nlohmann::json::object()), options.recipe);
  options.keywords = reader.in_range("keywords", int64_t{0}, int64_t{1} << 20, int64_t{0});
  options.frozen_epochs = reader.in_range("frozen_epochs", 0, 100000, 0);
  options.apart = detail::trained_apart(reader, "options of t2ue");
  reader.done();
  check(options.keywords == 0 || task == BenchTask::image_text, "options of t2ue",
        "keywords group captions, and the task is classes");
  check(options.generator.condition == options.clip.text.embed_dim, "options of t2ue", "the generator wants ",
        options.generator.condition, " numbers a caption, the text tower gives ",
        options.clip.text.embed_dim);
  return options;
}

T2UE_INLINE BuiltRow build_t2ue_row(const nlohmann::json& json, const RowContext& context) {
  const T2ueRowOptions options = t2ue_row_options(json, context.plan.task);
  const std::string name = "t2ue-" + short_key({{"options", json},
                                                {"eps", context.eps_steps},
                                                {"seed", context.seed},
                                                {"latent", "trained"},
                                                {"train", detail::training_hash(context.data, options.apart)},
                                                {"precision", name_of(context.compute.precision)}});
  const TrainedFile trained = trained_once(context.store, name, [&](const std::filesystem::path& file) {
    return detail::train_t2ue_row(options, context, file);
  });
  return {{std::make_shared<T2ueSource>(trained.path, context.compute), nullptr}, trained.seconds};
}

}  // namespace t2ue
