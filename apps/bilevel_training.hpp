// What commands that train a generator bi-levelly share: the policy's flags, and the run.
#pragma once

#include <t2ue/training/bilevel.hpp>

#include "training.hpp"

namespace t2ue::apps {

/// A policy with all its members, also the one that its JSON leaves out.
inline nlohmann::json policy_defaults(const BiLevelPolicy& policy = {}) {
  nlohmann::json json = to_json(policy);
  json["surrogates"] = policy.surrogates;
  return json;
}

inline const std::map<std::string, std::string>& policy_help() {
  static const std::map<std::string, std::string> help{
      {"rounds", "Rounds of surrogate steps, then noise steps"},
      {"surrogates", "An ensemble of so many surrogates takes turns by rounds, 1..64"},
      {"surrogate_steps", "Updates of the surrogate a round; 0: it never trains"},
      {"noise_steps", "Updates of the generator a round"},
      {"restart_every", "Rounds after which the surrogate starts anew; 0: never"},
      {"noise_rate", "The generator's learning rate, 0..10"},
      {"noise_schedule", "The rate over all noise steps: cosine to 0, or constant"},
      {"noise_warmup_share", "Share of the noise steps in which the rate rises, 0..1"},
      {"noise_optimizer", "The generator's: adam or adamw"},
      {"noise_decay", "Its weight decay, 0..10"},
      {"fresh_latents",
       "A latent vector of its own for every picture of every noise step; else all share one"},
      {"warm_steps", "Updates that teach the generator a texture a keyword or class before the first round"},
      {"warm_rate", "The generator's learning rate in those, 0..10"},
      {"warm_share", "The noise is made this share of eps after those, on average; 1: as it is"},
      {"final_share", "The noise is made this share of eps after the last round; 0: as it is"},
      {"noise_beta1", "Of the generator's Adam, 0..1"},
      {"noise_beta2", "Of the generator's Adam, 0..1"}};
  return help;
}

/// Runs the trainer to its end, writing a checkpoint every `pass` rounds (a pass over the pictures) where the
/// options do not say otherwise. `identity` is what else decides the weights.
template <class Trainer>
Result run_bilevel(Trainer& trainer, const std::string& command, const CheckpointOptions& checkpoint,
                   int64_t pass, const nlohmann::json& identity, const Globals& globals) {
  resume_if_asked(trainer, checkpoint, identity);
  const auto start = Clock::now();
  nlohmann::json surrogate, noise;
  ProgressBar bar({command, trainer.total_rounds(), "rounds", trainer.rounds()},
                  progress_style(globals.progress));
  run_to_end(
      trainer.rounds(), trainer.total_rounds(), checkpoint.every > 0 ? checkpoint.every : pass, checkpoint,
      bar,
      [&] {
        const auto losses = trainer.round();
        surrogate = losses.surrogate;
        noise = losses.noise;
        return trainer.data_seconds();
      },
      [&] { trainer.save(checkpoint.file, identity); });
  bar.finish();
  return {{{"rounds", trainer.total_rounds()},
           {"surrogate_loss", surrogate},
           {"noise_loss", noise},
           {"data_share", {{"training", trainer.data_seconds() / seconds_since(start)}}}},
          "",
          0};
}

}  // namespace t2ue::apps
