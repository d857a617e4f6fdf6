// Trains patterns of words: the bi-level loop with a pattern dictionary as its generator.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/models/clip/clip.hpp>
#include <t2ue/training/bilevel.hpp>
#include <t2ue/training/training_run.hpp>

namespace t2ue {

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

/// Patterns to be trained: for the keywords, size and budget of `file`.
struct WordPatternsJob {
  WordPatternsFile file;
  int64_t coarseness = 1;  ///< patterns start from textures, a pixel of which is so many of theirs a side
  ClipConfig surrogate;
  BiLevelPolicy policy;
  TrainRecipe recipe;
  const PairDataset& pictures;         ///< with their tokens
  std::span<const std::string> texts;  ///< what each picture's noise is made from: one or more captions
  Compute compute = {};
  std::string record = {};  ///< JSON for the file; policy and recipe if empty
};

/// Trains them and writes the file, whose contents it returns. `loop` runs the one part, "patterns", to its
/// end. Error as from check_word_patterns_policy() and word_pattern_start().
WordPatternsFile train_word_patterns(const WordPatternsJob& job, const std::filesystem::path& file,
                                     const TrainingLoop& loop);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/word_patterns_training.inl.hpp>
#endif
