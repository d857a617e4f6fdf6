#pragma once

#include <numeric>

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/methods/class_prompt.hpp>
#include <t2ue/methods/option_fields.hpp>
#include <t2ue/methods/t2ue_method.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/methods/trained_file.hpp>
#include <t2ue/methods/training_part.hpp>
#include <t2ue/methods/word_textures.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue {

namespace detail {

/// What the generator is told of every picture of `pictures`, whose noise is made from `captions`.
inline Conditions t2ue_conditions(const T2ueOptions& options, const PairDataset& pictures,
                                  const std::vector<std::string>& captions, LearningTask task,
                                  CaptionEncoder& encoder, const CaptionKeywords& keywords) {
  Conditions conditions;
  conditions.width = encoder.config().embed_dim;
  std::vector<std::string> texts;
  if (task == LearningTask::classes) {
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
    conditions.start = pattern_starts(texts, task == LearningTask::classes || keywords.groups() > 0,
                                      options.generator.output_size());
  return conditions;
}

/// Trains surrogate and generator; `encoder` and `keywords` go into the file. Returns the seconds that
/// earlier runs spent.
template <class Model, class Config>
double train_t2ue(const T2ueOptions& options, const Config& surrogate, const PairDataset& pictures,
                  Conditions conditions, CaptionEncoder& encoder, const CaptionKeywords& keywords,
                  const std::filesystem::path& file, const TrainContext& context) {
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

inline double train_t2ue(T2ueOptions options, const TrainContext& context,
                         const std::filesystem::path& file) {
  const LearningTask task = context.task;
  if (context.eps_steps > 0) options.generator.bound.eps = static_cast<float>(context.eps_steps) / 255.0f;
  const TrainingPart part = training_part(context, options.trained_on, options.clip);
  const PairDataset& pictures = part.pictures;
  // A text tower with random weights: it knows words apart, and nobody's pictures.
  CaptionEncoder encoder(options.clip.text, part.tokenizer, context.compute.device);
  encoder.parameters().initialise(context.seed + 2000);
  CaptionKeywords keywords;
  if (task == LearningTask::image_text && options.keywords > 0)
    keywords = CaptionKeywords::learn(part.noise_texts, options.keywords);
  Conditions conditions = t2ue_conditions(options, pictures, part.noise_texts, task, encoder, keywords);
  if (task == LearningTask::classes) {
    ClassifierConfig surrogate = options.classifier;
    surrogate.fit_to(pictures.size);
    surrogate.outputs = static_cast<int64_t>(pictures.label_names.size());
    return train_t2ue<Classifier>(options, surrogate, pictures, std::move(conditions), encoder, keywords,
                                  file, context);
  }
  return train_t2ue<Clip>(options, options.clip, pictures, std::move(conditions), encoder, keywords, file,
                          context);
}

inline Method make_t2ue(const T2ueOptions& options, const MethodRequest& request) {
  const auto source = std::make_shared<T2ueSource>(options.generator_file, request.facts.compute);
  source->set_latent_sharing(options.latent);
  if (request.has("seed")) source->set_seed(options.seed);
  return {source, nullptr};
}

inline TrainedFile trained_t2ue(const T2ueOptions& options, const nlohmann::json& given,
                                const TrainContext& context) {
  const std::string name = "t2ue-" + short_key({{"options", with_first_names(given)},
                                                {"eps", context.eps_steps},
                                                {"seed", context.seed},
                                                {"latent", "trained"},
                                                {"train", training_hash(context, options.trained_on)},
                                                {"precision", name_of(context.compute.precision)}});
  return trained_once(context, name,
                      [&](const std::filesystem::path& file) { return train_t2ue(options, context, file); });
}

}  // namespace detail

T2UE_INLINE T2ueOptions::T2ueOptions()
    : clip(clip_config("emoji-resnet")), classifier(classifier_config("resnet8")) {
  policy.noise_optimizer.beta1 = 0.5f;
  policy.noise_optimizer.beta2 = 0.99f;
  recipe.batch = 64;
}

T2UE_INLINE void T2ueOptions::fields(FieldList& f) {
  using namespace detail;
  f("generator_file", generator_file,
    "a trained generator, which decides eps and size; without it t2ue bench trains one by what follows");
  f("latent", latent, "what draws a latent of its own");
  f("seed", seed, "of the latents; the generator file's if not given");
  const auto architecture = named_model(generator, "emoji", generator_config, generator_config_from_json);
  f("generator", architecture, "the generator's architecture, by name or as a table");
  const auto surrogate =
      task == LearningTask::classes
          ? named_model(classifier, "resnet8", classifier_config, classifier_config_from_json)
          : named_model(clip, "emoji-resnet", clip_config, clip_config_from_json);
  f("surrogate", surrogate, "a CLIP, or for classes a classifier, by name or as a table");
  const auto who_trains = part_of(policy, bilevel_policy_from_json);
  f("policy", who_trains, "who trains when");
  const auto training = part_of(recipe, train_recipe_from_json);
  f("recipe", training, "how the surrogate is trained");
  f("keywords", keywords, in_range(0, 1 << 20), "groups of captions that share a noise; 0: none do");
  f("frozen_epochs", frozen_epochs, in_range(0, 100'000),
    "above 0: the surrogate is trained so long on clean pictures, then frozen");
  f("trained_on", trained_on, "the pictures that are protected, or those set apart");
}

T2UE_INLINE void T2ueOptions::validate() const {
  check(keywords == 0 || task == LearningTask::image_text, "t2ue",
        "keywords group captions, and the task is classes");
  check(generator.condition() == clip.text.embed_dim, "t2ue", "the generator wants ", generator.condition(),
        " numbers a caption, the text tower gives ", clip.text.embed_dim);
}

T2UE_INLINE MethodEntry t2ue_method() {
  MethodTraining training;
  training.file_option = "generator_file";
  training.beside_file = {"latent", "seed"};
  training.tasks = {LearningTask::image_text, LearningTask::classes};
  training.command = "t2ue train generator";
  // At first its noise was made from another latent than the generator was trained with.
  training.identity = R"({"latent":"trained"})";
  return trained_method_entry<T2ueOptions>(T2ueSource::describe(8.0f / 255.0f), {}, detail::make_t2ue,
                                           training, detail::trained_t2ue);
}

}  // namespace t2ue
