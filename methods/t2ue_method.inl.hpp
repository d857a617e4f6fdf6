#pragma once

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/methods/option_fields.hpp>
#include <t2ue/methods/t2ue_method.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/methods/t2ue_training.hpp>
#include <t2ue/methods/trained_file.hpp>
#include <t2ue/methods/training_part.hpp>
#include <t2ue/training/conditioner.hpp>

namespace t2ue {

namespace detail {

/// Trains surrogate and generator for the context. Returns the seconds that earlier runs spent.
inline double train_t2ue_file(const T2ueOptions& options, const TrainContext& context,
                              const std::filesystem::path& file) {
  const bool classes = context.task == LearningTask::classes;
  const TrainingPart part = training_part(context, options.trained_on, options.clip);
  // A text tower with random weights: it knows words apart, and nobody's pictures.
  CaptionEncoder encoder(options.clip.text, part.tokenizer, context.compute.device);
  encoder.parameters().initialise(context.seed + 2000);
  CaptionKeywords keywords;
  if (!classes && options.keywords > 0) keywords = CaptionKeywords::learn(part.noise_texts, options.keywords);
  const Conditioner conditioner(encoder, keywords);
  T2ueJob job{
      .generator = options.generator,
      .surrogate = options.clip,
      .policy = options.policy,
      .recipe = options.recipe,
      .pictures = part.pictures,
      .conditions = classes ? conditioner.of_classes(part.pictures) : conditioner.of_texts(part.noise_texts),
      .encoder = encoder,
      .keywords = keywords,
      .compute = context.compute,
      .frozen_epochs = options.frozen_epochs};
  job.recipe.seed = context.seed + 1000;  // surrogates start from other weights than victims do
  if (context.eps_steps > 0) job.generator.bound.eps = static_cast<float>(context.eps_steps) / 255.0f;
  if (classes) {
    ClassifierConfig surrogate = options.classifier;
    surrogate.fit_to(part.pictures.size);
    surrogate.outputs = static_cast<int64_t>(part.pictures.label_names.size());
    job.surrogate = surrogate;
  }
  double earlier = 0;
  train_t2ue(std::move(job), file, checkpointed_loop(file, context, earlier));
  return earlier;
}

inline Method make_t2ue(const T2ueOptions& options, const MethodRequest& request) {
  const auto source = std::make_shared<T2ueSource>(options.generator_file, request.facts.compute);
  source->set_latent_sharing(options.latent);
  if (request.has("seed")) source->set_seed(options.seed);
  return {source, nullptr};
}

inline TrainedFile trained_t2ue(const T2ueOptions& options, const nlohmann::json& given,
                                const TrainContext& context) {
  const std::string name = "t2ue-" + short_key({{"options", given},
                                                {"eps", context.eps_steps},
                                                {"seed", context.seed},
                                                {"latent", "trained"},
                                                {"train", training_hash(context, options.trained_on)},
                                                {"precision", name_of(context.compute.precision)}});
  return trained_once(context, name, [&](const std::filesystem::path& file) {
    return train_t2ue_file(options, context, file);
  });
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
