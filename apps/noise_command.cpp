// `t2ue noise`: noise from captions, without pictures, a file each.
#include <t2ue/methods/manifest.hpp>
#include <t2ue/methods/noise_memory.hpp>

#include "dataset_flags.hpp"
#include "noise_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct NoiseOptions {
  NoiseFlags noise;
  std::string captions, caption, key, out;
  bool labels = false, skip_bad = false;
  NoiseFolderWriter::Options folder;
  DatasetFlags dataset;
};

/// The items of a record: its first caption or all of them, or the prompt of its class.
void add_items(const DatasetIndex& index, const Record& record, const NoiseOptions& options,
               std::vector<NoiseItem>& items) {
  if (options.labels) {
    check(record.label >= 0, "noise", "'", record.key, "' has no label");
    items.push_back({record.key, class_prompt(index.label_of(record)), {}, nullptr});
    return;
  }
  check(!record.captions.empty(), "noise", "'", record.key, "' has no caption; --labels goes by labels");
  const bool each = options.noise.per == "caption";
  for (size_t i = 0; i < (each ? record.captions.size() : 1); ++i)
    items.push_back({each ? caption_key(record.key, static_cast<int64_t>(i) + 1) : record.key,
                     record.captions[i],
                     {},
                     nullptr});
}

std::vector<NoiseItem> items_of(const NoiseOptions& options) {
  const bool single = !options.caption.empty() || !options.key.empty();
  if (single == !options.captions.empty())
    throw BadUsage("[usage] noise wants either --captions, or --caption and --key");
  if (options.noise.per == "caption" && (single || options.labels))
    throw BadUsage("[usage] --per caption wants a list of captions, without --caption and --labels");
  if (single) {
    if (options.key.empty())
      throw BadUsage("[usage] --caption needs a --key, which its noise is filed under");
    return {{options.key, options.caption, {}, nullptr}};
  }
  std::vector<NoiseItem> items;
  const DatasetIndex index = pick_split(
      open_with_flags(options.captions, options.dataset, options.skip_bad, false), options.dataset, "train");
  for (const std::string& reason : index.bad.first) remark("left out: " + reason);
  for (const Record& record : index.records) add_items(index, record, options, items);
  return items;
}

Result make_noise(const NoiseOptions& options, const Globals& globals) {
  const std::vector<NoiseItem> items = items_of(options);
  const std::unique_ptr<T2ueSource> source = open_source(options.noise);
  const NoiseRecipe recipe = recipe_of(options.noise, *source);
  NoiseFolderWriter writer(options.out, recipe, options.folder);
  ProgressBar bar({"noise", static_cast<int64_t>(items.size()), "captions"},
                  progress_style(globals.progress));
  NoiseMemory memory(*source, recipe.height, recipe.width);
  constexpr size_t chunk = 64;
  for (size_t begin = 0; begin < items.size(); begin += chunk) {
    const auto part = std::span(items).subspan(begin, std::min(chunk, items.size() - begin));
    const std::vector<const MadeNoise*> noises = memory.make(part);
    for (size_t i = 0; i < part.size(); ++i) writer.add(part[i].key, part[i].caption, noises[i]->noise);
    bar.update(static_cast<int64_t>(begin + part.size()), 0.0);
  }
  bar.finish();
  writer.commit();
  return {{{"out", options.out},
           {"noises", items.size()},
           {"width", recipe.width},
           {"height", recipe.height},
           {"eps_steps", recipe.eps_steps},
           {"seed", recipe.seed},
           {"precision", name_of(recipe.precision)},
           {"generator_sha256", recipe.generator_sha256}},
          concat(items.size(), " noises of ", recipe.width, " x ", recipe.height, " within ",
                 recipe.eps_steps, "/255 in ", options.out),
          0};
}

}  // namespace

void add_noise(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(
      app, "noise", "Make noise from captions alone; no picture is opened",
      "noise --generator generator.safetensors --captions emoji-google/pairs.jsonl --out noise", globals);
  const auto options = std::make_shared<NoiseOptions>();
  command.add_option("--captions", options->captions, dataset_help());
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "train");
  add_noise_flags(command, options->noise);
  command.add_flag("--skip-bad", options->skip_bad, "Leave out captions that cannot be read");
  command.add_option("--caption", options->caption, "A single caption instead of a list");
  command.add_option("--key", options->key, "The single caption's key");
  command.add_flag("--labels", options->labels, "From \"a photo of a LABEL\" instead of the captions");
  command.add_option("--out", options->out, "Noise folder to make")->required();
  command.add_flag("--pictures", options->folder.pictures, "Also a PNG of each noise to look at");
  command.add_flag("--withhold-captions", options->folder.withhold_captions,
                   "Keep only the captions' SHA-256 in the manifest");
  command.add_flag("--overwrite", options->folder.overwrite, "Replace the noise folder that is there");
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return make_noise(*options, globals); };
  });
}

}  // namespace t2ue::apps
