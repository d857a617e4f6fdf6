// `t2ue audit`: the proof that no saved pixel moved by more than eps.
#include <t2ue/noise/audit.hpp>

#include "dataset_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct AuditFlags {
  std::string originals, protected_folder;
  DatasetFlags dataset;
  AuditOptions options;
};

Result audit_command(const AuditFlags& flags, const Globals& globals) {
  AuditOptions options = flags.options;
  std::optional<ProgressBar> bar;
  options.progress = [&](size_t done, size_t total) {
    if (!bar)
      bar.emplace(ProgressLine("audit", static_cast<int64_t>(total), "pictures"),
                  progress_style(globals.progress));
    bar->update(static_cast<int64_t>(done), 0.0);
  };
  const DatasetIndex originals =
      pick_split(open_with_flags(flags.originals, flags.dataset, true), flags.dataset, "train");
  const AuditSummary summary = audit_folder(originals, flags.protected_folder, options);
  if (bar) bar->finish();
  std::string text =
      concat(summary.passed() ? "passed: " : "FAILED: ", summary.pictures, " pictures, largest change ",
             summary.total.max_difference, "/255 of ", summary.eps_steps, "/255 allowed, ", summary.unchanged,
             " unchanged, ", summary.missing, " missing");
  if (std::isfinite(summary.total.psnr()))
    text += concat(", PSNR ", std::round(summary.total.psnr() * 10) / 10, " dB");
  text += concat(", SSIM ", std::round(summary.ssim * 10000) / 10000);
  for (const std::string& failure : summary.failures) text += "\n  " + failure;
  nlohmann::json json = to_json(summary);
  json["passed"] = summary.passed();
  return {std::move(json), std::move(text), summary.passed() ? 0 : 1};
}

}  // namespace

void add_audit(CLI::App& app, Globals& globals) {
  CLI::App& command =
      add_command(app, "audit", "Prove that no saved pixel moved by more than eps; exit code 1 if one did",
                  "audit --originals emoji-google --protected protected --eps 8", globals);
  const auto flags = std::make_shared<AuditFlags>();
  command.add_option("--originals", flags->originals, dataset_help())->required();
  add_dataset_flags(command, flags->dataset);
  add_split_flag(command, flags->dataset, "train");
  command.add_option("--protected", flags->protected_folder, "Folder of `t2ue apply`")->required();
  command.add_option("--eps", flags->options.eps_steps, "Largest change allowed, in steps of 1/255")
      ->check(CLI::Range(0, 255))
      ->capture_default_str();
  command.callback(
      [flags, &globals] { globals.action = [flags, &globals] { return audit_command(*flags, globals); }; });
}

}  // namespace t2ue::apps
