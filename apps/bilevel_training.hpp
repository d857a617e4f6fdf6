// Shared by the commands that train a generator bi-levelly: the run.
#pragma once

#include <t2ue/training/training_run.hpp>

#include "training.hpp"

namespace t2ue::apps {

/// Runs it to its end, writing a checkpoint every `pass` rounds (a pass over the pictures) where the
/// options do not say otherwise. `identity` is what else decides the weights.
inline Result run_bilevel(TrainingRun& run, const std::string& command, const CheckpointOptions& checkpoint,
                          int64_t pass, const nlohmann::json& identity, const Globals& globals) {
  resume_if_asked(run, checkpoint, identity);
  const auto start = Clock::now();
  ProgressBar bar({command, run.total_units(), "rounds", run.units()}, progress_style(globals.progress));
  run_to_end(
      run.units(), run.total_units(), checkpoint.every > 0 ? checkpoint.every : pass, checkpoint, bar,
      [&] {
        run.advance();
        return run.data_seconds();
      },
      [&] { run.save(checkpoint.file, identity); });
  bar.finish();
  Result result{run.losses(), "", 0};
  result.json["rounds"] = run.total_units();
  result.json["data_share"]["training"] = run.data_seconds() / seconds_since(start);
  return result;
}

}  // namespace t2ue::apps
