// What the training commands share: the recipe's flags, checkpoints, the loop, the clock.
#pragma once

#include <chrono>
#include <cmath>
#include <filesystem>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/report/results_table.hpp>

#include "datasets.hpp"
#include "json_flags.hpp"

namespace t2ue::apps {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline std::string duration_text(double seconds) {
  return concat(std::round(seconds * 10) / 10, " s");
}

/// A recipe with all its members, also those that its JSON leaves out where they are off.
inline nlohmann::json recipe_defaults(const TrainRecipe& recipe = {}) {
  nlohmann::json json = to_json(recipe);
  json["warmup_steps"] = recipe.warmup_steps;
  json["cutmix_alpha"] = recipe.cutmix_alpha;
  json["adversarial_radius"] = recipe.adversarial_radius;
  json["adversarial_steps"] = recipe.adversarial_steps;
  json["policy"] = name_of(recipe.policy);
  json["policy_draws"] = recipe.policy_draws;
  return json;
}

/// What the members of a TrainRecipe are, for --help.
inline const std::map<std::string, std::string>& recipe_help() {
  static const std::map<std::string, std::string> help{
      {"epochs", "Passes over the pictures, 1..100000"},
      {"batch", "Pairs a step, at least 2"},
      {"rate", "Learning rate, 0..100"},
      {"warmup_share", "Share of the steps in which the rate rises, 0..1"},
      {"warmup_steps", "In so many steps the rate rises, whatever the share; 0: by the share"},
      {"optimizer", "adamw, adam or sgd"},
      {"beta1", "Of adamw and adam, 0..1"},
      {"beta2", "Of adamw and adam, 0..1"},
      {"momentum", "Of sgd, 0..1"},
      {"decay", "Weight decay, 0..10"},
      {"max_norm", "Longer gradients are scaled down to it; 0: never"},
      {"min_area", "Least share of the picture in a random crop, 0.01..1; 1: no crops"},
      {"shift", "Random translation in pixels, 0..1024"},
      {"flip", "Random mirroring"},
      {"brightness", "Colours times a random factor within 1 +- this, 0..10"},
      {"contrast", "Distance from mid-grey times such a factor, 0..10"},
      {"saturation", "Distance from their own grey times such a factor, 0..10"},
      {"grayscale", "Probability that a picture loses its colours, 0..1"},
      {"cutout", "Side in pixels of the square cut out of every picture, 0..1024"},
      {"mixup_alpha", "Classifiers: mixup's Beta(alpha, alpha), 0..100; 0: off"},
      {"cutmix_alpha", "Classifiers: CutMix's Beta(alpha, alpha), 0..100; 0: off"},
      {"policy",
       "Changes of every picture before the crop: none, auto-augment, rand-augment, trivial-augment, "
       "ueraser"},
      {"policy_draws", "Above 1: pictures get the worst of so many draws of the policy, 1..64"},
      {"adversarial_radius",
       "Adversarial training: L-infinity radius of the attack in steps of 1/255, 0..100; 0: off"},
      {"adversarial_steps", "Steps of that attack, 1..1000"},
      {"ema_decay",
       "Of the weights' moving average, which is then what is saved and measured, 0 to below 1; 0: off"},
      {"seed", "Of everything random"}};
  return help;
}

struct CheckpointOptions {
  std::string file;
  int64_t every = 0;
  bool resume = false;
};

/// Adds --checkpoint, --checkpoint-every (in `unit`) and --resume.
inline void add_checkpoint_flags(CLI::App& command, CheckpointOptions& options, const std::string& unit) {
  command.add_option("--checkpoint", options.file, "File to go on from after an interruption");
  command
      .add_option("--checkpoint-every", options.every,
                  "Write it every so many " + unit + "; 0: after every pass over the pictures")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->capture_default_str();
  command.add_flag("--resume", options.resume,
                   "Go on from the checkpoint; from the beginning if there is none yet");
}

/// Throws Error unless a file can be written at `path`: before hours of work, not after.
inline void check_writable(const std::string& path) {
  if (!path.empty()) AtomicFile probe(path);
}

/// Refuses what would lose a checkpoint, and finds out early whether the files can be written.
inline void check_outputs(const std::string& out, const CheckpointOptions& checkpoint) {
  if (checkpoint.file.empty() && checkpoint.resume)
    throw BadUsage("[usage] --resume goes on from a --checkpoint; name one");
  check(checkpoint.resume || checkpoint.file.empty() || !std::filesystem::exists(checkpoint.file),
        "checkpoint", checkpoint.file, " is there already; --resume goes on from it, or remove it");
  check_writable(out);
  check_writable(checkpoint.file);
}

/// SHA-256 over keys, pixels, token ids and labels: which data a checkpoint belongs to.
inline std::string data_hash(const PairDataset& data) {
  Sha256 hash;
  for (const std::string& key : data.keys) hash.update(key.c_str(), key.size() + 1);
  hash.update(data.pixels.data(), data.pixels.size());
  hash.update(data.ids.data(), data.ids.size() * sizeof(int32_t));
  hash.update(data.labels.data(), data.labels.size() * sizeof(int32_t));
  return hash.hex();
}

/// Goes on from the checkpoint if asked to and it is there. `identity` is what else decides the weights.
template <class Trainer>
void resume_if_asked(Trainer& trainer, const CheckpointOptions& checkpoint, const nlohmann::json& identity) {
  if (!checkpoint.resume) return;
  if (!std::filesystem::exists(checkpoint.file)) {
    remark("no checkpoint at " + checkpoint.file + " yet: starting from the beginning");
    return;
  }
  const nlohmann::json saved = trainer.resume(checkpoint.file);
  check(saved == identity, "resume", checkpoint.file, " belongs to another run: it was made with ",
        saved.dump(), ", this run has ", identity.dump());
}

/// Runs `advance` until `done` reaches `total`, calling `save` in between. An error says where the last
/// checkpoint is.
template <class Advance, class Save>
void run_to_end(int64_t done, int64_t total, int64_t save_every, const CheckpointOptions& checkpoint,
                ProgressBar& bar, const Advance& advance, const Save& save) {
  while (done < total) {
    double waiting = 0;
    try {
      waiting = advance();
    } catch (const Error& error) {
      if (checkpoint.file.empty() || !std::filesystem::exists(checkpoint.file)) throw;
      throw Error(concat(error.what(), "; the last checkpoint is ", checkpoint.file));
    }
    ++done;
    bar.update(done, waiting);
    if (!checkpoint.file.empty() && done < total && done % save_every == 0) save();
  }
}

}  // namespace t2ue::apps
