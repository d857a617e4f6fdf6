#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/methods/word_patterns_training.hpp>
#include <t2ue/models/generators/pattern_dictionary.hpp>
#include <t2ue/training/conditioner.hpp>

namespace t2ue {

T2UE_INLINE WordPatternsFile train_word_patterns(const WordPatternsJob& job,
                                                 const std::filesystem::path& file,
                                                 const TrainingLoop& loop) {
  check_word_patterns_policy(job.policy);
  WordPatternsFile made = job.file;
  const Conditioner conditioner(word_weight_count(made.keywords), [&](std::span<const std::string> texts) {
    std::vector<float> rows;
    for (const std::string& text : texts) {
      const std::vector<float> weights = word_weights(made.keywords, text);
      rows.insert(rows.end(), weights.begin(), weights.end());
    }
    return rows;
  });
  PatternDictionaryConfig dictionary;
  dictionary.condition = word_weight_count(made.keywords);
  dictionary.size = made.size;
  const NoiseBound bound{static_cast<float>(made.eps_steps) / 255.0f, Limiter::tanh_scale, Resampler::tile};
  BiLevelTrainer<Clip> trainer(GeneratorConfig(dictionary, bound, "patterns"), job.surrogate, job.policy,
                               job.recipe, job.pictures, conditioner.of_texts(job.texts), job.compute);
  Parameter& patterns = trainer.generator().as<PatternDictionary>().patterns;
  patterns.value.assign(word_pattern_start(made.keywords, made.size, job.coarseness));
  trainer.generator_parameters().refresh_shadows();
  RoundsRun<Clip> run(trainer, "patterns");
  loop(run);
  made.patterns = patterns.value.to_vector<float>();
  made.training =
      job.record.empty()
          ? nlohmann::json{{"policy", to_json(job.policy)}, {"recipe", to_json(job.recipe)}}.dump()
          : job.record;
  write_word_patterns(file, made);
  return made;
}

}  // namespace t2ue
