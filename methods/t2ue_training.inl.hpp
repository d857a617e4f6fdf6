#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/methods/t2ue_training.hpp>
#include <t2ue/methods/word_textures.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue {

namespace detail {

template <class Model, class Config>
void train_t2ue(T2ueJob& job, const Config& surrogate, const std::filesystem::path& file,
                const TrainingLoop& loop) {
  BiLevelPolicy policy = job.policy;
  if (job.frozen_epochs > 0) policy.surrogate_steps = 0, policy.restart_every = 0;
  if (policy.warm_steps > 0 && job.conditions.start.empty())
    job.conditions.start =
        pattern_starts(job.conditions.texts, job.conditions.shared, job.generator.output_size());
  BiLevelTrainer<Model> trainer(job.generator, surrogate, policy, job.recipe, job.pictures,
                                std::move(job.conditions), job.compute);
  for (int k = 0; job.frozen_epochs > 0 && k < trainer.surrogates(); ++k) {
    TrainRecipe clean = job.recipe;
    clean.epochs = job.frozen_epochs;
    clean.seed += static_cast<uint64_t>(k);
    Trainer<Model> teacher(surrogate, clean, job.pictures, job.compute);
    StepsRun<Model> run(teacher, concat("surrogate-", k), "surrogate");
    loop(run);
    trainer.surrogate_parameters(k).copy_from(teacher.parameters());
  }
  if (job.start_surrogate) {
    check(policy.surrogates == 1, "train", "a frozen CLIP from a file is one surrogate, not ",
          policy.surrogates, "; leave --surrogates out");
    job.start_surrogate(trainer.surrogate_parameters());
  }
  if constexpr (std::is_same_v<Model, Clip>)
    if (!job.surrogate_text_features.empty())
      trainer.use_text_features(std::move(job.surrogate_text_features));
  RoundsRun<Model> run(trainer, "generator");
  loop(run);
  const std::string record =
      job.record.empty() ? nlohmann::json{{"policy", to_json(policy)}, {"recipe", to_json(job.recipe)}}.dump()
                         : job.record;
  save_generator(file, job.generator, trainer.generator_parameters(), job.encoder, trainer.latent_seed(),
                 job.keywords, record);
}

}  // namespace detail

T2UE_INLINE void train_t2ue(T2ueJob job, const std::filesystem::path& file, const TrainingLoop& loop) {
  if (const auto* classifier = std::get_if<ClassifierConfig>(&job.surrogate))
    detail::train_t2ue<Classifier>(job, *classifier, file, loop);
  else
    detail::train_t2ue<Clip>(job, std::get<ClipConfig>(job.surrogate), file, loop);
}

}  // namespace t2ue
