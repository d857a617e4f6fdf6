// A table's figures: bars with intervals, curves, noises and their spectra.
#pragma once

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <t2ue/eval/bench/gallery.hpp>
#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/eval/bench/seed_groups.hpp>
#include <t2ue/report/svg.hpp>

namespace t2ue::detail {

inline size_t headline_metric(const std::vector<Metric>& metrics) {
  size_t m = 0;
  while (!metrics[m].headline) ++m;
  return m;
}

inline std::string variant_of(double eps) {
  return eps > 0 ? concat("eps ", eps) : "";
}

/// The headline metric of every row. Whiskers: over seeds, or over test pictures where there is one seed.
inline BarChart bench_bars(const BenchTable& table) {
  const std::vector<Metric>& metrics = table.results.metrics();
  const size_t m = headline_metric(metrics);
  BarChart chart{
      "Clean test pictures, epoch selected on validation data", metrics[m].name, {}, metrics[m].chance, {}};
  bool one_seed = false;
  for (const SeedGroup& group : groups_of(table.results)) {
    std::vector<double> scores;
    for (const size_t r : group.rows) scores.push_back(table.results.rows()[r].scores[m].selected);
    Bar bar{group.name, variant_of(group.eps), spread_of(scores).mean, {}};
    if (scores.size() > 1) {
      bar.interval = student_interval(scores);
    } else {
      one_seed = true;
      bar.interval = table.results.rows()[group.rows[0]].scores[m].interval;
    }
    chart.bars.push_back(std::move(bar));
  }
  chart.note = one_seed ? "Whiskers: 95 % over test pictures (bootstrap), for the one seed that was run."
                        : "Whiskers: 95 % over seeds (Student's t).";
  return chart;
}

/// Curves of the first seed's runs.
inline std::vector<Chart> bench_curves(const BenchPlan& plan, const BenchTable& table) {
  const size_t headline = headline_metric(table.results.metrics());
  const Metric& metric = table.results.metrics()[headline];
  Chart loss{"Training loss", "epoch", "mean loss", {}, {}},
      score{"Clean test pictures", "epoch", metric.name, {}, metric.chance};
  for (const CellResult* cell : table.done) {
    if (cell->cell.seed != plan.seeds.front()) continue;
    Curve curve{cell->result.at("row"), variant_of(budget_of(*cell)), false, {}, {}};
    Curve losses = curve;
    for (const nlohmann::json& epoch : cell->result.at("epochs")) {
      curve.x.push_back(epoch.at("epoch"));
      curve.y.push_back(epoch.at("scores")[headline]);
      losses.x.push_back(epoch.at("epoch"));
      losses.y.push_back(epoch.at("loss"));
    }
    score.curves.push_back(std::move(curve));
    loss.curves.push_back(std::move(losses));
  }
  if (score.curves.empty()) return {};
  return {std::move(score), std::move(loss)};
}

/// The noises of every row of the plan at its first seed, as saved: pictures of them, and how their power is
/// spread over frequencies. Nothing where no protected picture is left in the folder.
inline ReportSection noise_section(const BenchRunner& runner, std::span<const CellResult> results) {
  constexpr size_t sampled = 24, shown = 4;
  constexpr int gain = 12;
  ReportSection section;
  section.title = "Noises";
  PictureGallery gallery{
      "Noise of four pictures, and spectrum",
      {},
      concat("Published minus original, times ", gain, ", grey is 0; last the spectrum of ", sampled,
             " pictures' noises, six decades from black to white, zero frequency in the middle.")};
  Chart chart{"Noise power by frequency", "cycles a pixel", "log10 of power, 0 = white noise", {}, {}};
  std::set<std::string> seen;
  for (const CellResult& cell : results) {
    const std::filesystem::path folder = runner.protection_folder(cell.cell);
    if (!cell.done() || folder.empty() || cell.cell.seed != runner.plan().seeds.front()) continue;
    if (!seen.insert(folder.string()).second || !read_protection(folder)) continue;
    const NoiseSample sample = noise_sample(runner.data(), folder / "published", sampled);
    const NoiseSpectrum spectrum = noise_spectrum(sample.noises, sample.size);
    const std::string row = cell.result.at("row"), variant = variant_of(budget_of(cell));
    gallery.rows.push_back(gallery_row(row_label(row, variant), sample, spectrum, shown, gain));
    Curve curve{row, variant, false, {}, {}};
    for (size_t r = 0; r < spectrum.rings.size(); ++r) {
      curve.x.push_back(static_cast<double>(r) / static_cast<double>(sample.size));
      curve.y.push_back(std::log10(spectrum.rings[r]));  // of none a gap
    }
    chart.curves.push_back(std::move(curve));
  }
  if (gallery.rows.empty()) return section;
  section.charts = {std::move(chart)};
  section.galleries = {std::move(gallery)};
  return section;
}

}  // namespace t2ue::detail
