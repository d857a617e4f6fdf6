// What the commands of `t2ue evaluate` share: the flags that all of them have, and figures as text.
#pragma once

#include <t2ue/core/statistics.hpp>
#include <t2ue/eval/classification.hpp>
#include <t2ue/report/text_table.hpp>

#include "datasets.hpp"

namespace t2ue::apps {

/// Which model is measured on what, and how intervals are drawn.
struct EvaluationFlags {
  std::string model, data, device = "auto";
  DatasetFlags dataset;
  BootstrapOptions bootstrap;
  bool skip_bad = false;
};

/// --model (which is a `model_help`), --data and its flags, --skip-bad, --seed, --resamples, --device.
void add_evaluation_flags(CLI::App& command, EvaluationFlags& flags, const std::string& model_help);

/// "12.3 (11.0 to 13.7)"
std::string with_interval(double value, const Interval& interval);
/// What every report of intervals says below its table.
std::string bootstrap_note(const BootstrapOptions& bootstrap, const std::string& unit);

/// A result with the flags, and the pictures' number and hash, that every command reports.
nlohmann::json evaluation_json(nlohmann::json result, const EvaluationFlags& flags, const LoadedData& data);

/// Error naming the first record of `index` without a class.
void check_labelled(const DatasetIndex& index);
/// Top-1 and top-5 beside chance, then the classes: all, or of many the ten with the lowest accuracy.
std::string describe(const ClassificationResult& result, const std::vector<std::string>& label_names,
                     const BootstrapOptions& bootstrap);

void add_evaluate_retrieval(CLI::App& evaluate, Globals& globals);
void add_evaluate_zero_shot(CLI::App& evaluate, Globals& globals);
void add_evaluate_classifier(CLI::App& evaluate, Globals& globals);

}  // namespace t2ue::apps
