// What commands that train a generator bi-levelly share: the run.
#pragma once

#include <t2ue/training/bilevel.hpp>

#include "training.hpp"

namespace t2ue::apps {

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
