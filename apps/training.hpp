// What the training commands share: checkpoints, the loop, the clock.
#pragma once

#include <chrono>
#include <cmath>
#include <filesystem>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/report/results_table.hpp>

#include "datasets.hpp"
#include "field_flags.hpp"

namespace t2ue::apps {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline std::string duration_text(double seconds) {
  return concat(std::round(seconds * 10) / 10, " s");
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
