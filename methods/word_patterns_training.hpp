// Training patterns of words: the bi-level loop with a dictionary as its generator.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/models/generators/pattern_dictionary.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

using WordPatternsTrainer = BiLevelTrainer<Clip, PatternDictionary>;

/// 160 rounds of 20 surrogate steps, the surrogate anew after 80; patterns start at half of the budget and
/// fill it after the last.
inline BiLevelPolicy word_patterns_policy() {
  BiLevelPolicy policy;
  policy.rounds = 160, policy.restart_every = 80, policy.surrogate_steps = 20;
  policy.noise_learning_rate = 1e-2f;
  policy.noise_optimizer.beta1 = 0.5f, policy.noise_optimizer.beta2 = 0.99f;
  policy.warm_share = 0.5f, policy.final_share = 0.95f;
  return policy;
}

/// Of the surrogates: the defaults in batches of 64, with crops as open_clip's, of 0.9 of the area and more,
/// and without shifts. Patterns trained without crops lose most of their effect on victims that crop so;
/// patterns trained with them keep theirs on victims that do not
/// (benchmarks/results/2026-11-28-open-clip-crops-cpu.md).
inline TrainRecipe word_patterns_recipe() {
  TrainRecipe recipe;
  recipe.batch = 64;
  recipe.min_area = 0.9f;
  recipe.translation = 0;
  return recipe;
}

/// Error for a policy that trains no surrogate, or teaches a start: patterns have theirs from textures.
inline void check_word_patterns_policy(const BiLevelPolicy& policy) {
  check(policy.warm_steps == 0, "word_patterns",
        "patterns start from textures as they are; warm_steps must be 0, is ", policy.warm_steps);
  check(policy.surrogate_steps > 0, "word_patterns",
        "trains its surrogates with the patterns; surrogate_steps must be positive");
}

/// A trainer for the keywords, size and budget of `wanted` on `pictures`, whose noise is made from `texts`
/// (a text a picture, of one or more captions). Its patterns start from textures of that coarseness.
/// `pictures` must outlive it.
inline std::unique_ptr<WordPatternsTrainer> word_patterns_trainer(
    const WordPatternsFile& wanted, int64_t coarseness, const ClipConfig& surrogate,
    const BiLevelPolicy& policy, const TrainRecipe& recipe, const PairDataset& pictures,
    std::span<const std::string> texts, const Compute& compute = {}) {
  check_word_patterns_policy(policy);
  const std::vector<float> start = word_pattern_start(wanted.keywords, wanted.size, coarseness);
  Conditions conditions;
  conditions.width = word_weight_count(wanted.keywords);
  for (const std::string& text : texts) {
    const std::vector<float> weights = word_weights(wanted.keywords, text);
    conditions.row_of_item.push_back(static_cast<int32_t>(conditions.row_of_item.size()));
    conditions.table.insert(conditions.table.end(), weights.begin(), weights.end());
  }
  PatternDictionaryConfig dictionary;
  dictionary.condition = conditions.width;
  dictionary.size = wanted.size;
  dictionary.eps = static_cast<float>(wanted.eps_steps) / 255.0f;
  auto trainer = std::make_unique<WordPatternsTrainer>(dictionary, surrogate, policy, recipe, pictures,
                                                       std::move(conditions), compute);
  trainer->generator().patterns.value.assign(start);
  trainer->generator_parameters().refresh_shadows();
  return trainer;
}

/// The patterns of a trainer that is done.
inline std::vector<float> trained_patterns(WordPatternsTrainer& trainer) {
  return trainer.generator().patterns.value.to_vector<float>();
}

}  // namespace t2ue
