// `t2ue audit`: the proof that no saved pixel moved by more than eps.
#include <map>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/contact_sheet.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/dataset_summary.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/noise/audit.hpp>

#include "dataset_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct AuditFlags {
  std::string originals, protected_folder, sheet;
  DatasetFlags dataset;
  AuditOptions options;
};

/// What was added to a picture, to look at: 128 + 12 times the change.
Image amplified_change(const Image& before, const Image& after) {
  Image change{before.height, before.width, 3, {}, {}, {}, 1};
  for (size_t i = 0; i < before.pixels.size(); ++i)
    change.pixels.push_back(
        static_cast<uint8_t>(std::clamp(128 + 12 * (after.pixels[i] - before.pixels[i]), 0, 255)));
  return change;
}

/// Draws up to eight pictures of both data sets in a column each: the original, its change, what was saved.
void draw_sheet(const DatasetIndex& originals, const AuditFlags& flags, Result& result) {
  DatasetOptions options;
  options.skip_bad = true;
  const DatasetIndex published = open_dataset(flags.protected_folder, options);
  std::map<std::string, size_t> by_key;
  for (size_t i = 0; i < published.records.size(); ++i) by_key[published.records[i].key] = i;
  const PictureReader before_reader(originals), after_reader(published);
  std::vector<Image> before, change, after;
  for (const int64_t i : spread_sample(static_cast<int64_t>(originals.records.size()), 8)) {
    const auto found = by_key.find(originals.records[static_cast<size_t>(i)].key);
    if (found == by_key.end()) continue;
    Image original = drop_alpha(before_reader.read(static_cast<size_t>(i)));
    Image saved = drop_alpha(after_reader.read(found->second));
    if (original.pixels.size() != saved.pixels.size()) continue;
    change.push_back(amplified_change(original, saved));
    before.push_back(std::move(original));
    after.push_back(std::move(saved));
  }
  check(!before.empty(), "audit", "no picture is in both data sets: there is nothing to draw");
  const auto columns = static_cast<int>(before.size());
  for (std::vector<Image>* row : {&change, &after})
    before.insert(before.end(), std::make_move_iterator(row->begin()), std::make_move_iterator(row->end()));
  constexpr int cell = 96;
  write_file(flags.sheet, encode_png(contact_sheet(before, columns, cell)));
  result.json["sheet"] = flags.sheet;
  result.text += concat("\n  originals, changes 12 times, protected: ", flags.sheet);
}

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
  Result result{std::move(json), std::move(text), summary.passed() ? 0 : 1};
  if (!flags.sheet.empty()) draw_sheet(originals, flags, result);
  return result;
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
  command.add_option("--sheet", flags->sheet,
                     "PNG to draw a few pictures on: original, change (12 times), protected");
  command.callback(
      [flags, &globals] { globals.action = [flags, &globals] { return audit_command(*flags, globals); }; });
}

}  // namespace t2ue::apps
