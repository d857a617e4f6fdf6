// `t2ue noise`, `apply`, `audit`: noise from captions without pictures, added without a model, proven.
#include <unordered_map>

#include <t2ue/methods/apply.hpp>
#include <t2ue/methods/audit.hpp>
#include <t2ue/methods/manifest.hpp>
#include <t2ue/methods/t2ue_source.hpp>

#include "dataset_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct NoiseOptions {
  std::string generator, captions, caption, key, out, size, latent = "all";
  ComputeFlags compute;
  std::optional<uint64_t> seed;
  bool labels = false, skip_bad = false;
  NoiseFolderWriter::Options folder;
  DatasetFlags dataset;
};

/// One item: its first caption, or the prompt of its class.
NoiseItem item_of(const DatasetIndex& index, const Record& record, bool labels) {
  if (labels) {
    check(record.label >= 0, "noise", "'", record.key, "' has no label");
    return {record.key, class_prompt(index.label_of(record)), {}, nullptr};
  }
  check(!record.captions.empty(), "noise", "'", record.key, "' has no caption; --labels goes by labels");
  return {record.key, record.captions.front(), {}, nullptr};
}

std::vector<NoiseItem> items_of(const NoiseOptions& options) {
  const bool single = !options.caption.empty() || !options.key.empty();
  if (single == !options.captions.empty())
    throw BadUsage("[usage] noise wants either --captions, or --caption and --key");
  if (single) {
    if (options.key.empty())
      throw BadUsage("[usage] --caption needs a --key, which its noise is filed under");
    return {{options.key, options.caption, {}, nullptr}};
  }
  std::vector<NoiseItem> items;
  const DatasetIndex index = pick_split(
      open_with_flags(options.captions, options.dataset, options.skip_bad, false), options.dataset, "train");
  for (const std::string& reason : index.bad.first) remark("left out: " + reason);
  for (const Record& record : index.records) items.push_back(item_of(index, record, options.labels));
  return items;
}

struct Size {
  int height, width;
};

/// "WxH", or nothing for `otherwise` squared.
Size size_of(const std::string& text, int otherwise) {
  if (text.empty()) return {otherwise, otherwise};
  int width = 0, height = 0, end = 0;
  const bool read = std::sscanf(text.c_str(), "%5dx%5d%n", &width, &height, &end) == 2;
  if (!read || static_cast<size_t>(end) != text.size() || width < 1 || height < 1)
    throw BadUsage(concat("[usage] --size is WIDTHxHEIGHT as in 640x480, not '", text, "'"));
  return {height, width};
}

/// Noises made so far, so that a caption that many items share (a class's) is not computed for each of them.
class NoiseMemory {
 public:
  /// `by_key`: every key has a noise of its own, whatever its caption.
  NoiseMemory(NoiseSource& source, bool by_key) : source_(source), by_key_(by_key) {}

  /// Makes what the items lack.
  void make(std::span<const NoiseItem> items) {
    constexpr size_t limit = 1024;  // memory does not grow with the list
    if (known_.size() > limit) known_.clear();
    std::vector<NoiseItem> missing;
    for (const NoiseItem& item : items)
      if (known_.try_emplace(name_of(item)).second) missing.push_back(item);
    std::vector<Noise> noises = source_.make(missing);
    for (size_t i = 0; i < missing.size(); ++i) known_[name_of(missing[i])] = std::move(noises[i]);
  }
  const Noise& of(const NoiseItem& item) const { return known_.at(name_of(item)); }

 private:
  const std::string& name_of(const NoiseItem& item) const { return by_key_ ? item.key : item.caption; }

  NoiseSource& source_;
  bool by_key_;
  std::unordered_map<std::string, Noise> known_;
};

Result make_noise(const NoiseOptions& options, const Globals& globals) {
  const std::vector<NoiseItem> items = items_of(options);
  const Compute compute = compute_of(options.compute);
  T2ueSource source(options.generator, compute.device, compute.precision);
  if (options.seed) source.set_seed(*options.seed);
  source.set_latent_sharing(options.latent == "all"       ? LatentSharing::all
                            : options.latent == "caption" ? LatentSharing::caption
                                                          : LatentSharing::item);
  const SsaGeneratorConfig& config = source.config();
  const Size size = size_of(options.size, static_cast<int>(config.output_size()));
  // The sharing decides the noise as the seed does, so it is told with the method.
  const std::string method =
      options.latent == "all" ? source.card().name : source.card().name + ", a latent each " + options.latent;
  const NoiseRecipe recipe{
      method,           source.sha256(),  source.seed(), static_cast<int>(std::lround(config.eps * 255.0f)),
      config.limiter,   config.resampler, size.height,   size.width,
      compute.precision};
  NoiseFolderWriter writer(options.out, recipe, options.folder);
  ProgressBar bar({"noise", static_cast<int64_t>(items.size()), "captions"},
                  progress_style(globals.progress));
  NoiseMemory memory(source, options.latent == "item");
  constexpr size_t chunk = 64;
  for (size_t begin = 0; begin < items.size(); begin += chunk) {
    const auto part = std::span(items).subspan(begin, std::min(chunk, items.size() - begin));
    memory.make(part);
    for (const NoiseItem& item : part)
      writer.add(item.key, item.caption,
                 resample_noise(memory.of(item), size.height, size.width, config.resampler));
    bar.update(static_cast<int64_t>(begin + part.size()), 0.0);
  }
  bar.finish();
  writer.commit();
  return {{{"out", options.out},
           {"noises", items.size()},
           {"width", size.width},
           {"height", size.height},
           {"eps_steps", recipe.eps_steps},
           {"seed", recipe.seed},
           {"precision", name_of(recipe.precision)},
           {"generator_sha256", recipe.generator_sha256}},
          concat(items.size(), " noises of ", size.width, " x ", size.height, " within ", recipe.eps_steps,
                 "/255 in ", options.out),
          0};
}

void add_noise(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(
      app, "noise", "Make noise from captions alone; no picture is opened",
      "noise --generator generator.safetensors --captions emoji-google/pairs.jsonl --out noise", globals);
  const auto options = std::make_shared<NoiseOptions>();
  command.add_option("--generator", options->generator, "Generator file of `t2ue train generator`")
      ->required();
  command.add_option("--captions", options->captions, dataset_help());
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out captions that cannot be read");
  command.add_option("--caption", options->caption, "A single caption instead of a list");
  command.add_option("--key", options->key, "The single caption's key");
  command.add_flag("--labels", options->labels, "From \"a photo of a LABEL\" instead of the captions");
  command.add_option("--out", options->out, "Noise folder to make")->required();
  command.add_option("--size", options->size,
                     "WIDTHxHEIGHT to bring the noise to; without it, the generator's own size");
  command.add_option("--seed", options->seed, "Of the latents, instead of the generator file's");
  command
      .add_option("--latent", options->latent,
                  "all: a caption's noise is a function of the caption; caption, item: each draws a latent "
                  "of its own")
      ->check(CLI::IsMember({"all", "caption", "item"}))
      ->capture_default_str();
  command.add_flag("--pictures", options->folder.pictures, "Also a PNG of each noise to look at");
  command.add_flag("--withhold-captions", options->folder.withhold_captions,
                   "Keep only the captions' SHA-256 in the manifest");
  command.add_flag("--overwrite", options->folder.overwrite, "Replace the noise folder that is there");
  add_compute(command, options->compute);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return make_noise(*options, globals); };
  });
}

struct ApplyFlags {
  std::string pictures, noise, out, format = "png", resampler;
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
  const ApplySummary summary = apply_folder(flags.pictures, flags.noise, flags.out, options);
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

void add_apply(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(app, "apply", "Add noise to pictures; no model is opened",
                                  "apply --pictures emoji-google --noise noise --out protected", globals);
  const auto flags = std::make_shared<ApplyFlags>();
  command
      .add_option("--pictures", flags->pictures, "Folder with pairs.jsonl, or a list: .csv, .tsv or .jsonl")
      ->required();
  command.add_option("--noise", flags->noise, "Noise folder of `t2ue noise`")->required();
  command.add_option("--out", flags->out, "Folder to make; must not be there or be empty")->required();
  command.add_option("--resampler", flags->resampler, "Instead of the one that the noise folder names")
      ->check(CLI::IsMember({"nearest", "bilinear", "area", "tile"}));
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

struct AuditFlags {
  std::string originals, protected_folder;
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
  const AuditSummary summary = audit_folder(flags.originals, flags.protected_folder, options);
  if (bar) bar->finish();
  std::string text =
      concat(summary.passed() ? "passed: " : "FAILED: ", summary.pictures, " pictures, largest change ",
             summary.total.max_difference, "/255 of ", summary.eps_steps, "/255 allowed, ", summary.unchanged,
             " unchanged, ", summary.missing, " missing");
  if (std::isfinite(summary.total.psnr()))
    text += concat(", PSNR ", std::round(summary.total.psnr() * 10) / 10, " dB");
  for (const std::string& failure : summary.failures) text += "\n  " + failure;
  nlohmann::json json = to_json(summary);
  json["passed"] = summary.passed();
  return {std::move(json), std::move(text), summary.passed() ? 0 : 1};
}

void add_audit(CLI::App& app, Globals& globals) {
  CLI::App& command =
      add_command(app, "audit", "Prove that no saved pixel moved by more than eps; exit code 1 if one did",
                  "audit --originals emoji-google --protected protected --eps 8", globals);
  const auto flags = std::make_shared<AuditFlags>();
  command.add_option("--originals", flags->originals, "Folder with pairs.jsonl, or a list")->required();
  command.add_option("--protected", flags->protected_folder, "Folder of `t2ue apply`")->required();
  command.add_option("--eps", flags->options.eps_steps, "Largest change allowed, in steps of 1/255")
      ->check(CLI::Range(0, 255))
      ->capture_default_str();
  command.callback(
      [flags, &globals] { globals.action = [flags, &globals] { return audit_command(*flags, globals); }; });
}

}  // namespace

void add_protect_commands(CLI::App& app, Globals& globals) {
  add_noise(app, globals);
  add_apply(app, globals);
  add_audit(app, globals);
}

}  // namespace t2ue::apps
