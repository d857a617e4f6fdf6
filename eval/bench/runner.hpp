// Runs a plan's cells: protects, trains a victim, measures it on clean pictures, keeps the result.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include <t2ue/core/compute.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/bench/protect.hpp>
#include <t2ue/eval/bench/store.hpp>
#include <t2ue/eval/victims.hpp>

namespace t2ue {

struct BenchOptions {
  Compute compute;
  bool retry_failed = false;  ///< cells that failed are run again
  BenchProgress progress;     ///< within a cell
  std::function<void(const std::string& cell, size_t done, size_t total)> begin_cell;
  /// Noise that trains longer than this writes its state this often; a killed run goes on from there.
  double checkpoint_seconds = 600;
};

/// A cell and what its file says: {"key", "status": "done" or "failed", "reason", "scores", ...}.
struct CellResult {
  BenchCell cell;
  nlohmann::json result;
  bool done() const { return result.value("status", "") == "done"; }
};

/// Runs what is missing in `folder`. Several runners, in several processes, may share a folder: each cell is
/// done once. A cell that fails (an Error, no memory) is kept as failed with its reason; the others go on.
class BenchRunner {
 public:
  /// Opens the folder and reads the data; relative paths of the plan start from `base`.
  BenchRunner(BenchPlan plan, const std::filesystem::path& base, const std::filesystem::path& folder,
              BenchOptions options);

  /// Runs every cell that is not there. Returns when all are, done or failed, also those that other
  /// processes worked on.
  std::vector<CellResult> run();

  const BenchPlan& plan() const { return plan_; }
  const BenchData& data() const { return data_; }
  /// How scores are called, their chance and direction, in the order of every result's scores.
  const std::vector<Metric>& metrics() const { return metrics_; }
  /// The recipe hash of a cell: everything but method, budget and seed.
  std::string recipe_of(const BenchCell& cell) const;
  /// Content hash of a cell: what decides its result, and nothing else.
  std::string key_of(const BenchCell& cell) const;
  /// Where a cell's pictures are protected, with what was measured of them; empty for clean pictures. Cells
  /// that differ in victim, defence or ratio share it.
  std::filesystem::path protection_folder(const BenchCell& cell) const;

 private:
  nlohmann::json identity_of(const PlanMethod& method) const;
  /// Whether it trains on the unprotected share alone. Then for as many steps as cells with all pictures:
  /// for as many epochs it is trained too little, and what the share taught the others passes for a failure
  /// of their protection.
  bool is_clean_share(const BenchCell& cell) const;
  nlohmann::json run_cell(const BenchCell& cell);
  std::optional<Protection> protection_of(const BenchCell& cell, double& one_off_seconds);
  PairDataset training_pictures(const BenchCell& cell, const std::optional<Protection>& protection);
  BenchContext context_of(const BenchCell& cell);
  VictimRun train_victim(const BenchCell& cell, const PairDataset& pictures);
  void finish_cell(const BenchCell& cell, const std::string& key);

  BenchPlan plan_;
  BenchOptions options_;
  BenchStore store_;
  BenchData data_;
  std::vector<Metric> metrics_;
  std::string split_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/runner.inl.hpp>
#endif
