// `t2ue apply`: noise added to pictures, without a model.
#include <t2ue/noise/apply.hpp>

#include "dataset_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct ApplyFlags {
  std::string pictures, noise, out, format = "png", resampler;
  DatasetFlags dataset;
  ApplyOptions options;
};

Result apply_command(const ApplyFlags& flags, const Globals& globals) {
  ApplyOptions options = flags.options;
  options.format = flags.format == "png"    ? PictureFormat::png
                   : flags.format == "webp" ? PictureFormat::webp
                                            : PictureFormat::jpeg;
  if (options.format == PictureFormat::jpeg && !options.allow_lossy)
    throw BadUsage("[usage] JPEG changes the noise: save PNG or WebP, or say --allow-lossy");
  if (!flags.resampler.empty()) options.resampler = kind_named<Resampler>(flags.resampler);
  std::optional<ProgressBar> bar;
  options.progress = [&](size_t done, size_t total) {
    if (!bar)
      bar.emplace(ProgressLine("apply", static_cast<int64_t>(total), "pictures"),
                  progress_style(globals.progress));
    bar->update(static_cast<int64_t>(done), 0.0);
  };
  options.inputs = {flags.pictures};
  const DatasetIndex pictures =
      pick_split(open_with_flags(flags.pictures, flags.dataset, options.skip_bad), flags.dataset, "train");
  const ApplySummary summary = apply_folder(pictures, flags.noise, flags.out, options);
  if (bar) bar->finish();
  for (const std::string& reason : summary.skipped) remark("left out: " + reason);
  nlohmann::json json = to_json(summary);
  json["out"] = flags.out;
  std::string text = concat(summary.applied, " pictures protected in ", flags.out);
  if (!summary.skipped.empty()) text += concat(", ", summary.skipped.size(), " bad pictures left out");
  if (summary.surviving_share) {
    const std::string share = concat(std::round(*summary.surviving_share * 1000) / 10, " %");
    remark("warning: JPEG is lossy; " + share + " of the noise survived, and pixels may have moved past eps");
    text += ", " + share + " of the noise survived JPEG";
  }
  return {std::move(json), std::move(text), 0};
}

}  // namespace

void add_apply(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(app, "apply", "Add noise to pictures; no model is opened",
                                  "apply --pictures emoji-google --noise noise --out protected", globals);
  const auto flags = std::make_shared<ApplyFlags>();
  command.add_option("--pictures", flags->pictures, dataset_help())->required();
  add_dataset_flags(command, flags->dataset, "--data-format");
  add_split_flag(command, flags->dataset, "train");
  command.add_option("--noise", flags->noise, "Folder of `t2ue noise` or `t2ue noise-shards`")->required();
  command.add_option("--out", flags->out, "Folder to make; must not be there or be empty")->required();
  command.add_option("--resampler", flags->resampler, "Instead of the one that the noise folder names")
      ->check(CLI::IsMember(
          kind_names({Resampler::nearest, Resampler::bilinear, Resampler::area, Resampler::tile})));
  command
      .add_option(
          "--image-size", flags->options.image_size,
          "Side that models will resize the pictures' shorter side to, instead of the noise folder's; 0: "
          "noise at the pictures' own size")
      ->check(CLI::Range(0, 1'000'000));
  command.add_option("--format", flags->format, "png or webp, both lossless; jpeg with --allow-lossy")
      ->check(CLI::IsMember({"png", "webp", "jpeg"}))
      ->capture_default_str();
  command.add_flag("--allow-lossy", flags->options.allow_lossy, "Allow JPEG, which changes the noise");
  command.add_option("--quality", flags->options.jpeg_quality, "Of JPEG")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command.add_flag("--skip-bad", flags->options.skip_bad, "Leave out pictures that cannot be read or saved");
  command.add_flag("--overwrite", flags->options.overwrite, "Replace the folder of an earlier apply");
  command.callback(
      [flags, &globals] { globals.action = [flags, &globals] { return apply_command(*flags, globals); }; });
}

}  // namespace t2ue::apps
