// The whole job, end to end: pictures, victims, generator, noise from captions, protection, audit, report.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/eval/victims.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/report/report.hpp>

#include "../commands.hpp"
#include "../part_lines.hpp"
#include "../progress.hpp"
#include "recipe.hpp"

namespace t2ue::apps {

struct DemoOptions {
  std::filesystem::path packages;  ///< node_modules with the emoji packages
  std::filesystem::path out;
  Compute compute;
  ProgressStyle progress = ProgressStyle::silent;
};

/// One row of a part: how its pictures were protected, and what became of the victim.
struct DemoRow {
  std::string name;
  RowKind kind = RowKind::clean;
  int eps_steps = 0;
  std::optional<MeasuredNoise> measured;
  std::optional<AuditSummary> audit;
  double protect_seconds = 0;
  VictimRun victim;
};

/// Image-text or class-wise: its metrics and rows.
struct DemoPart {
  std::string title, headline_axis;
  std::vector<Metric> metrics;
  std::string recipe, split;
  std::vector<DemoRow> rows;
  std::vector<PictureExample> examples;
  double generator_seconds = 0;
};

/// Runs the steps in order; each leaves its files under options.out.
class Demo {
 public:
  Demo(DemoRecipe recipe, DemoOptions options);
  /// Everything; returns the terminal's table. Writes report.html and results.json.
  std::string run();
  /// What results.json holds, after run().
  const nlohmann::json& results() const { return results_; }

 private:
  void make_pictures();
  void load_pictures();
  void image_text();
  void class_wise();
  std::string report();

  /// Adds the rows of one budget: random sign, shuffled and T2UE noise from `source` on `items`.
  void add_rows(DemoPart& part, int eps_steps, const std::shared_ptr<NoiseSource>& source,
                const std::vector<NoiseItem>& items,
                const std::function<VictimRun(const PairDataset&, const std::string&)>& victim);
  /// The clean row: a victim trained on the unprotected pictures.
  void add_clean_row(DemoPart& part,
                     const std::function<VictimRun(const PairDataset&, const std::string&)>& victim);
  DemoRow protect(const std::string& part, const std::string& name, RowKind kind, int eps_steps,
                  NoiseSource& source, const std::vector<NoiseItem>& items, PairDataset& published);
  std::vector<PictureExample> examples(const std::filesystem::path& folder,
                                       const std::vector<NoiseItem>& items, NoiseSource& source);
  PairDataset load(const std::filesystem::path& folder, const std::string& what);
  VictimTask task(const std::shared_ptr<ProgressBar>& bar);
  std::shared_ptr<ProgressBar> bar(const std::string& label, int64_t total, const std::string& unit);

  DemoRecipe recipe_;
  DemoOptions options_;
  PartLines lines_;
  std::unique_ptr<Tokenizer> tokenizer_;
  PairDataset train_, test_, validation_;
  std::unique_ptr<CaptionEncoder> encoder_;
  DemoPart image_text_, class_wise_;
  double seconds_ = 0;
  nlohmann::json results_;
};

}  // namespace t2ue::apps
