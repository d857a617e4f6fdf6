#include "evaluate.hpp"

#include <t2ue/report/results_table.hpp>

namespace t2ue::apps {

void add_evaluation_flags(CLI::App& command, EvaluationFlags& flags, const std::string& model_help) {
  command.add_option("--model", flags.model, model_help)->required();
  command.add_option("--data", flags.data, dataset_help())->required();
  add_dataset_flags(command, flags.dataset);
  add_split_flag(command, flags.dataset, "test");
  command.add_flag("--skip-bad", flags.skip_bad, "Leave out pictures that cannot be read");
  command.add_option("--seed", flags.bootstrap.seed, "Of what is drawn: the bootstrap intervals")
      ->capture_default_str();
  command.add_option("--resamples", flags.bootstrap.resamples, "Bootstrap samples an interval is made of")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}))
      ->capture_default_str();
  add_device(command, flags.device);
}

std::string with_interval(double value, const Interval& interval) {
  return concat(format_number(value, 1), " (", format_number(interval.low, 1), " to ",
                format_number(interval.high, 1), ")");
}

std::string bootstrap_note(const BootstrapOptions& bootstrap, const std::string& unit) {
  return concat("Per cent, with 95 % bootstrap intervals over ", unit, " (", bootstrap.resamples,
                " resamples, seed ", bootstrap.seed, ").");
}

nlohmann::json evaluation_json(nlohmann::json result, const EvaluationFlags& flags, const LoadedData& data) {
  result.update({{"model", flags.model},
                 {"data", flags.data},
                 {"pictures", data.pairs.count()},
                 {"skipped", data.skipped},
                 {"data_share", {{"reading", data.data_share}}},
                 {"split", split_hash(data.pairs.keys)},
                 {"bootstrap", {{"seed", flags.bootstrap.seed}, {"resamples", flags.bootstrap.resamples}}}});
  return result;
}

void check_labelled(const DatasetIndex& index) {
  for (const Record& record : index.records)
    check(record.label >= 0, "classes", "'", record.key, "' has no class; every picture needs one here");
}

std::string describe(const ClassificationResult& r, const std::vector<std::string>& label_names,
                     const BootstrapOptions& bootstrap) {
  constexpr size_t most = 20, shown_of_many = 10;
  TextTable totals{"", {{"", false}, {"measured", false}, {"bounds", false}, {"chance"}}, {}, {}};
  const auto bounds = [](double low, double high) {
    return concat(format_number(low, 1), " to ", format_number(high, 1));
  };
  totals.rows = {
      {"top-1", with_interval(r.accuracy, r.accuracy_interval),
       bounds(r.accuracy_pessimistic, r.accuracy_optimistic), format_number(r.chance, 1)},
      {"top-5", with_interval(r.top5, r.top5_interval), bounds(r.top5_pessimistic, r.top5_optimistic),
       format_number(r.top5_chance, 1)},
      {"mean over classes", format_number(r.balanced_accuracy, 1), "", format_number(r.chance, 1)}};
  totals.notes = {bootstrap_note(bootstrap, "pictures"), "Bounds: every tie lost, every tie won.",
                  concat("Always the most frequent class: ", format_number(r.majority, 1), " %.")};

  std::vector<size_t> shown;
  for (size_t c = 0; c < label_names.size(); ++c)
    if (r.per_class_count[c] > 0) shown.push_back(c);
  TextTable classes{"", {{"class", false}, {"pictures"}, {"top-1"}}, {}, {}};
  if (shown.size() > most) {
    classes.notes = {concat("The ", shown_of_many, " lowest of ", shown.size(), " classes.")};
    std::stable_sort(shown.begin(), shown.end(),
                     [&](size_t a, size_t b) { return r.per_class[a] < r.per_class[b]; });
    shown.resize(shown_of_many);
  }
  for (const size_t c : shown)
    classes.rows.push_back(
        {label_names[c], std::to_string(r.per_class_count[c]), format_number(r.per_class[c], 1)});
  return to_text(totals) + "\n" + to_text(classes);
}

}  // namespace t2ue::apps
