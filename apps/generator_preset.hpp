// The presets of `t2ue train generator`: the values that its flags have unless they are given.
#pragma once

#include <algorithm>
#include <string>

#include <t2ue/training/bilevel.hpp>

#include "commands.hpp"

namespace t2ue::apps {

/// Defaults under one name; every flag that is given goes before them.
struct GeneratorPreset {
  std::string name, clip, generator;
  int64_t epochs = 0;  ///< passes over the pictures; 0: the policy's rounds
  TrainRecipe recipe;
  BiLevelPolicy policy;
};

/// "bilevel": a surrogate that trains along, at the demo's size.
/// "textures": that, started from textures with room for the rounds to change them, as measured in
/// benchmarks/results/2026-11-28-words-flickr8k-32-cpu.md.
/// "paper": T2UE's generator against a frozen CLIP (arXiv 2508.03091, section 4.1, and where that says
/// nothing the authors' code): ViT-B/32 with OpenAI's QuickGELU, pictures of 224 pixels as they are, batches
/// of 128, 500 epochs, Adam with betas 0 and 0.9 at 1e-4, cosine to 0 from the first step, a fresh latent
/// vector for every item of every step.
inline GeneratorPreset generator_preset(const std::string& name) {
  GeneratorPreset preset;
  preset.name = name;
  preset.clip = "emoji-resnet";
  preset.generator = "emoji";
  if (name == "bilevel") return preset;
  if (name == "textures") {
    preset.recipe.batch = 64;
    preset.recipe.translation = 0;
    preset.policy.rounds = 160;
    preset.policy.restart_every = 80;
    preset.policy.surrogate_steps = 20;
    preset.policy.noise_learning_rate = 2e-4f;
    preset.policy.noise_optimizer.beta1 = 0.5f;
    preset.policy.noise_optimizer.beta2 = 0.99f;
    preset.policy.warm_steps = 600;
    preset.policy.warm_share = 0.5f;
    preset.policy.final_share = 0.95f;
    return preset;
  }
  check(name == "paper", "usage", "unknown recipe '", name, "'; it is paper, textures or bilevel");
  preset.clip = "ViT-B-32-quickgelu";
  preset.generator = "t2ue";
  preset.epochs = 500;
  preset.recipe.translation = 0;
  preset.recipe.flip = false;
  preset.policy.surrogate_steps = 0;
  preset.policy.noise_learning_rate = 1e-4f;
  preset.policy.noise_warmup_share = 0.0f;
  preset.policy.fresh_latents = true;
  return preset;
}

/// Rounds that show every picture `epochs` times, a round being surrogate and noise steps of a batch each.
inline int64_t rounds_of(int64_t epochs, int64_t pictures, const TrainRecipe& recipe,
                         const BiLevelPolicy& policy) {
  const int64_t steps = epochs * (pictures / recipe.batch),
                round = policy.surrogate_steps + policy.noise_steps;
  return std::max<int64_t>(1, (steps + round - 1) / round);
}

}  // namespace t2ue::apps
