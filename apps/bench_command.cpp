// `t2ue bench`: a plan's matrix of methods, victims and defences.
#include <toml++/toml.h>

#include <sstream>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/plan_methods.hpp>
#include <t2ue/eval/bench/quick_plan.hpp>
#include <t2ue/eval/bench/summary.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct BenchFlags {
  std::string plan, out, store, data;
  ComputeFlags compute;
  bool retry_failed = false, check_only = false, quick = false;
};

/// A plan file as JSON, and the line of every value by its path ("methods[2].eps").
struct PlanFile {
  nlohmann::json json;
  std::map<std::string, uint32_t> lines;
};

nlohmann::json to_json(const toml::node& node, const std::string& path, PlanFile& file) {
  file.lines[path] = node.source().begin.line;
  if (const toml::table* table = node.as_table()) {
    nlohmann::json json = nlohmann::json::object();
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      json[name] = to_json(value, path.empty() ? name : concat(path, ".", name), file);
    }
    return json;
  }
  if (const toml::array* array = node.as_array()) {
    nlohmann::json json = nlohmann::json::array();
    for (size_t i = 0; i < array->size(); ++i)
      json.push_back(to_json((*array)[i], concat(path, "[", i, "]"), file));
    return json;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* truth = node.as_boolean()) return truth->get();
  throw BadUsage(concat("[plan] line ", node.source().begin.line, ": a date is no value of a plan"));
}

PlanFile read_plan(const std::string& path) {
  const std::string text = as_usage([&] { return read_text(path, 1 << 20); });
  try {
    PlanFile file;
    file.json = to_json(toml::parse(text, path), "", file);
    return file;
  } catch (const toml::parse_error& error) {
    throw BadUsage(concat("[plan] ", path, ", line ", error.source().begin.line, ": ", error.description()));
  }
}

/// The line of the innermost value of `where` that the file has.
uint32_t line_of(const PlanFile& file, std::string where) {
  while (true) {
    const auto found = file.lines.find(where);
    if (found != file.lines.end()) return found->second;
    const size_t end = where.find_last_of(".[");
    if (end == std::string::npos) return 1;
    where.resize(end);
  }
}

BenchPlan plan_of(const PlanFile& file, const std::string& path) {
  try {
    return bench_plan_from_json(file.json, check_plan_method);
  } catch (const PlanError& error) {
    throw BadUsage(concat(path, ", line ", line_of(file, error.path), ": ", error.what()));
  }
}

Result run_bench(const BenchFlags& flags, const Globals& globals) {
  PlanFile file = read_plan(flags.plan);
  if (flags.quick) file.json = quick_plan(std::move(file.json));
  const BenchPlan plan = plan_of(file, flags.plan);
  const size_t cells = cells_of(plan).size();
  if (flags.check_only)
    return {{{"plan", plan.title}, {"cells", cells}}, concat(flags.plan, ": ", cells, " cells"), 0};
  const Compute compute = compute_of(flags.compute);
  std::optional<ProgressBar> bar;
  std::string cell, stage;
  BenchOptions options{compute, flags.retry_failed, {}, {}};
  options.begin_cell = [&](const std::string& name, size_t done, size_t total) {
    if (bar) bar->finish();
    bar.reset();
    cell = concat(done + 1, "/", total, " ", name);
  };
  options.progress = [&](const std::string& what, int64_t done, int64_t total) {
    if (!bar || stage != what) {
      if (bar) bar->finish();
      stage = what;
      bar.emplace(ProgressLine(cell + ": " + what, total, "steps"), progress_style(globals.progress));
    }
    bar->update(done, 0.0);
  };
  const std::filesystem::path base = flags.data.empty() ? std::filesystem::path(flags.plan).parent_path()
                                                        : std::filesystem::path(flags.data);
  BenchRunner runner(plan, base, flags.store.empty() ? flags.out : flags.store, options);
  make_folder(flags.out);
  const std::vector<CellResult> results = runner.run();
  if (bar) bar->finish();
  const std::string tables = write_summary(runner, results, flags.out);
  size_t failed = 0;
  for (const CellResult& result : results) failed += result.done() ? 0 : 1;
  return {{{"plan", plan.title}, {"cells", cells}, {"failed", failed}, {"out", flags.out}},
          tables + concat(cells, " cells, ", failed, " failed; report ", flags.out, "/report.html"),
          failed == 0 ? 0 : 1};
}

}  // namespace

void add_bench(CLI::App& app, Globals& globals) {
  CLI::App& command =
      add_command(app, "bench",
                  "Run a plan: methods x budgets x victims x defences x ratios x seeds, with their controls",
                  "bench benchmarks/plans/emoji.toml --out results", globals);
  const auto flags = std::make_shared<BenchFlags>();
  command.add_option("plan", flags->plan, "Plan file (TOML)")->required();
  command
      .add_option("--out", flags->out, "Folder for cells, pictures and tables; a run that is there goes on")
      ->required();
  command.add_option("--store", flags->store,
                     "Folder for cells and pictures, apart from the tables: plans that share it share what "
                     "they have in common");
  command.add_option("--data", flags->data,
                     "Folder that the plan's data paths start from; the plan's own without it");
  command.add_flag("--retry-failed", flags->retry_failed, "Run cells again that failed");
  command.add_flag("--quick", flags->quick,
                   "Every part of the plan in a few steps on 64 pictures: tries it out, measures nothing");
  command.add_flag("--check", flags->check_only, "Only check the plan and count its cells");
  add_compute(command, flags->compute);
  command.callback(
      [flags, &globals] { globals.action = [flags, &globals] { return run_bench(*flags, globals); }; });
}

}  // namespace t2ue::apps
