// What the demo leaves: a table in the terminal, results.json, report.html.
#include <sys/resource.h>

#include <t2ue/core/atomic_file.hpp>

#include "demo.hpp"

namespace t2ue::apps {

namespace {

ResultsTable results_table(const DemoPart& part, uint64_t seed) {
  ResultsTable table(part.title, part.metrics);
  for (const DemoRow& row : part.rows) {
    ResultRow result;
    result.name = row.name;
    result.kind = row.kind;
    result.recipe = part.recipe;
    result.split = part.split;
    result.eps = row.eps_steps;
    result.seed = seed;
    result.measured = row.measured;
    result.scores = row.victim.scores(part.metrics);
    result.protect_seconds = row.protect_seconds;
    result.train_seconds = row.victim.seconds;
    table.add(std::move(result));
  }
  return table;
}

/// The headline metrics' mean at an epoch: accuracy, or Hit@10 both ways.
double headline(const DemoPart& part, const VictimEpoch& epoch) {
  double sum = 0;
  int count = 0;
  for (size_t m = 0; m < part.metrics.size(); ++m)
    if (part.metrics[m].headline) {
      sum += epoch.scores[m];
      ++count;
    }
  return sum / std::max(count, 1);
}

double chance(const DemoPart& part) {
  for (const Metric& metric : part.metrics)
    if (metric.headline) return metric.chance;
  return 0;
}

Curve curve_of(const DemoRow& row, const std::vector<int>& budgets) {
  Curve curve;
  curve.row = row.name;
  if (row.eps_steps > 0) curve.variant = concat("eps ", row.eps_steps);
  curve.dashed = !budgets.empty() && row.eps_steps > budgets.front();
  return curve;
}

std::vector<Chart> charts(const DemoPart& part, const std::vector<int>& budgets) {
  Chart loss{"Training loss", "epoch", "mean loss", {}, {}},
      score{"Clean test pictures", "epoch", part.headline_axis, {}, chance(part)};
  for (const DemoRow& row : part.rows) {
    Curve& loss_curve = loss.curves.emplace_back(curve_of(row, budgets));
    Curve& score_curve = score.curves.emplace_back(loss_curve);
    for (const VictimEpoch& epoch : row.victim.epochs) {
      loss_curve.x.push_back(epoch.epoch);
      loss_curve.y.push_back(epoch.loss);
      score_curve.x.push_back(epoch.epoch);
      score_curve.y.push_back(headline(part, epoch));
    }
  }
  return {std::move(score), std::move(loss)};
}

TextTable audit_table(const DemoPart& part) {
  TextTable table;
  table.title = concat("Audit, ", part.title, ": saved files against the originals");
  table.columns = {{"row", false},        {"eps"},      {"pictures"},
                   {"max |change|"},      {"at eps %"}, {"clipped %"},
                   {"mean signed error"}, {"PSNR dB"},  {"distinct noises"}};
  for (const DemoRow& row : part.rows) {
    if (!row.audit) continue;
    const Differences& d = row.audit->total;
    table.rows.push_back({row.name, std::to_string(row.eps_steps), std::to_string(row.audit->pictures),
                          concat(d.max_difference, "/255"), format_number(100 * d.eps_share(), 1),
                          format_number(100 * d.clipped_share(), 1), format_number(d.mean_error(), 3),
                          format_number(d.psnr(), 1), std::to_string(row.measured->distinct_deltas)});
  }
  return table;
}

/// The clean row's and the method's headline at the first budget, as selected on validation pictures.
KeyFigure key_figure(const DemoPart& part, const std::string& label) {
  double clean = 0, guarded = 0;
  int eps = 0;
  for (const DemoRow& row : part.rows) {
    const double value = headline(part, row.victim.epochs[row.victim.selected()]);
    if (row.kind == RowKind::clean) clean = value;
    if (row.kind == RowKind::method && eps == 0) guarded = value, eps = row.eps_steps;
  }
  return {label, concat(format_number(clean, 1), " \u2192 ", format_number(guarded, 1), " %"),
          concat("clean \u2192 T2UE at eps ", eps, "/255; chance ", format_number(chance(part), 1), " %")};
}

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace

std::string Demo::report() {
  const DemoPart* parts[] = {&image_text_, &class_wise_};
  nlohmann::json results{{"seed", recipe_.seed},
                         {"seconds", seconds_},
                         {"device", options_.compute.device.text()},
                         {"precision", name_of(options_.compute.precision)},
                         {"peak_memory_mb", peak_memory_mb()},
                         {"recipe", to_json(recipe_)},
                         {"image_text_policy", t2ue::to_json(recipe_.image_text_policy)},
                         {"class_policy", t2ue::to_json(recipe_.class_policy)},
                         {"generator", t2ue::to_json(recipe_.generator)}};
  Report page;
  page.title = "t2ue demo: noise from captions against models trained on the pictures";
  page.summary = concat("Google's emoji drawings, rendered as ", recipe_.size, "x", recipe_.size,
                        " pictures, are protected with noise made from their captions alone. Victims are "
                        "trained from scratch on them by one "
                        "recipe and measured on Twitter's drawings of the same concepts, clean and never "
                        "seen. Shuffled noise is the right noise "
                        "on the wrong pictures; random sign is noise of the same size without meaning.");
  page.key_figures = {key_figure(image_text_, "Image-text, Hit@10"),
                      key_figure(class_wise_, "Class-wise, accuracy")};
  std::string text;
  for (const DemoPart* part : parts) {
    const ResultsTable table = results_table(*part, recipe_.seed);
    nlohmann::json json = table.to_json();
    json["generator_seconds"] = part->generator_seconds;
    for (const DemoRow& row : part->rows) {
      nlohmann::json entry{{"row", row.name}, {"eps", row.eps_steps}};
      if (row.audit) entry["audit"] = t2ue::to_json(*row.audit);
      for (const VictimEpoch& epoch : row.victim.epochs)
        entry["epochs"].push_back({{"epoch", epoch.epoch},
                                   {"loss", epoch.loss},
                                   {"validation", epoch.validation},
                                   {"scores", epoch.scores}});
      json["runs"].push_back(std::move(entry));
    }
    results["parts"].push_back(std::move(json));

    ReportSection section;
    section.title =
        part == &image_text_ ? "Image-text: CLIP from scratch" : "Supervised, class-wise: one noise a class";
    section.tables = {table.score_table(), table.detail_table(), audit_table(*part)};
    section.charts = charts(*part, recipe_.eps_steps);
    section.grids = {{"Pictures", 12, part->examples}};
    page.sections.push_back(std::move(section));
    text += to_text(table.score_table()) + "\n";
  }
  page.facts = {
      {"Recipe hash, image-text", image_text_.recipe},
      {"Recipe hash, class-wise", class_wise_.recipe},
      {"Split hash (test keys)", image_text_.split},
      {"Seed", std::to_string(recipe_.seed)},
      {"Training pictures", concat(train_.count(), " (", recipe_.renderings, " renderings a drawing)")},
      {"Test / validation concepts", concat(test_.count(), " / ", validation_.count())},
      {"Generator training", concat(format_duration(image_text_.generator_seconds), " image-text, ",
                                    format_duration(class_wise_.generator_seconds), " class-wise")},
      {"Wall time", format_duration(seconds_)},
      {"Peak memory", concat(format_number(peak_memory_mb(), 0), " MB")},
      {"Device", concat(options_.compute.device.text(), ", ", name_of(options_.compute.precision))},
      {"Version", concat(T2UE_VERSION_MAJOR, ".", T2UE_VERSION_MINOR, ".", T2UE_VERSION_PATCH)}};
  results_ = results;
  page.results_json = results.dump();
  write_file(options_.out / "results.json", results.dump(1) + "\n");
  write_report(options_.out / "report.html", page);
  return text + concat("wall time ", format_duration(seconds_), ", report ",
                       (options_.out / "report.html").string(), "\n");
}

}  // namespace t2ue::apps
