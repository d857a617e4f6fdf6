// Shared by `t2ue train clip` and `t2ue train classifier`: training one model on pictures.
#pragma once

#include "evaluate.hpp"
#include "training.hpp"

namespace t2ue::apps {

struct ModelTraining {
  std::string data, out, evaluate, base = "sound";
  ComputeFlags compute;
  CheckpointOptions checkpoint;
  bool skip_bad = false;
  DatasetFlags dataset;
};

/// --data and its flags, --out, --eval (which measures `metric`), --recipe, --skip-bad, checkpoints,
/// --device,
/// --precision.
inline void add_model_training_flags(CLI::App& command, ModelTraining& options, const std::string& metric) {
  command.add_option("--data", options.data, dataset_help())->required();
  add_dataset_flags(command, options.dataset);
  add_split_flag(command, options.dataset, "train");
  command.add_option("--out", options.out, "Model file to write (.safetensors)")->required();
  command.add_option(
      "--eval", options.evaluate,
      "Data set to measure " + metric + " on afterwards; of the one trained on, its split \"test\"");
  command
      .add_option(
          "--recipe", options.base,
          "Where flags that are not given start from: sound (the defaults shown here), or paper (what "
          "the T2UE paper's victims are trained with)")
      ->check(CLI::IsMember({"sound", "paper"}))
      ->capture_default_str();
  command.add_flag("--skip-bad", options.skip_bad, "Leave out pictures that cannot be read");
  add_checkpoint_flags(command, options.checkpoint, "steps");
  add_compute(command, options.compute);
}

/// What --eval measures: another data set, told by itself, or the split "test" of the one trained on.
inline void fill_evaluation(EvaluationFlags& flags, const ModelTraining& options) {
  flags.model = options.out;
  flags.data = options.evaluate;
  flags.device = options.compute.device;
  flags.skip_bad = options.skip_bad;
  if (options.evaluate != options.data) return;
  flags.dataset = options.dataset;
  flags.dataset.split.clear();
}

/// What training says of itself.
struct Trained {
  nlohmann::json loss;    ///< of the last step; null if none was taken
  double data_share = 0;  ///< of the time, spent filling batches
};

/// Trains to the end, with progress and checkpoints.
template <class Trainer>
Trained train_to_end(Trainer& trainer, const std::string& label, const ModelTraining& options,
                     const nlohmann::json& identity, const Globals& globals) {
  Trained trained;
  const auto start = Clock::now();
  ProgressBar bar({label, trainer.total_steps(), "steps", trainer.steps()}, progress_style(globals.progress));
  run_to_end(
      trainer.steps(), trainer.total_steps(),
      options.checkpoint.every > 0 ? options.checkpoint.every : trainer.steps_per_epoch(), options.checkpoint,
      bar,
      [&] {
        trained.loss = trainer.step();
        return trainer.data_seconds();
      },
      [&] { trainer.save(options.checkpoint.file, identity); });
  bar.finish();
  trained.data_share = trainer.data_seconds() / seconds_since(start);
  return trained;
}

}  // namespace t2ue::apps
