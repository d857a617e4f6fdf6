// `t2ue noise`: makes noise from captions, one file for each item. Opens no picture.
#include <t2ue/core/json_reader.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/noise/noise_memory.hpp>

#include "dataset_flags.hpp"
#include "noise_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct NoiseOptions {
  NoiseFlags noise;
  std::string method, method_options;  ///< instead of a generator
  std::string captions, caption, key, out;
  bool labels = false, skip_bad = false;
  NoiseFolderWriter::Options folder;
  DatasetFlags dataset;
};

/// What noise is made for.
struct Items {
  std::vector<NoiseItem> items;
  std::vector<std::string> label_names;
};

/// The items of a record: its first caption or all of them, or the prompt of its class.
void add_items(const DatasetIndex& index, const Record& record, const NoiseOptions& options,
               std::vector<NoiseItem>& items) {
  const std::optional<int> label = record.label >= 0 ? std::optional<int>(record.label) : std::nullopt;
  if (options.labels) {
    check(label.has_value(), "noise", "'", record.key, "' has no label");
    items.push_back({record.key, class_prompt(index.label_of(record)), label, nullptr});
    return;
  }
  check(!record.captions.empty(), "noise", "'", record.key, "' has no caption; --labels goes by labels");
  if (options.noise.per == "all-captions") {
    items.push_back({record.key, joined_captions(record.captions), label, nullptr});
    return;
  }
  const bool each = options.noise.per == "caption";
  for (size_t i = 0; i < (each ? record.captions.size() : 1); ++i)
    items.push_back({each ? caption_key(record.key, static_cast<int64_t>(i) + 1) : record.key,
                     record.captions[i], label, nullptr});
}

Items items_of(const NoiseOptions& options) {
  const bool single = !options.caption.empty() || !options.key.empty();
  if (single == !options.captions.empty())
    throw BadUsage("[usage] noise wants either --captions, or --caption and --key");
  if (options.noise.per != "picture" && (single || options.labels))
    throw BadUsage(concat("[usage] --per ", options.noise.per,
                          " wants a list of captions, without --caption and --labels"));
  if (single) {
    if (options.key.empty())
      throw BadUsage("[usage] --caption needs a --key, which its noise is filed under");
    return {{{options.key, options.caption, {}, nullptr}}, {}};
  }
  Items all;
  const DatasetIndex index = pick_split(
      open_with_flags(options.captions, options.dataset, options.skip_bad, false), options.dataset, "train");
  for (const std::string& reason : index.bad.first) remark("left out: " + reason);
  for (const Record& record : index.records) add_items(index, record, options, all.items);
  all.label_names = index.label_names;
  return all;
}

/// Where noise comes from: a generator, or a method of the registry.
struct Maker {
  NoiseRecipe recipe;
  std::function<std::vector<Noise>(std::span<const NoiseItem>)> make;
};

Maker generator_maker(const NoiseOptions& options) {
  const std::shared_ptr<T2ueSource> source = open_source(options.noise);
  const NoiseRecipe recipe = recipe_of(options.noise, *source);
  const auto memory = std::make_shared<NoiseMemory>(*source, recipe.height, recipe.width);
  return {recipe, [source, memory](std::span<const NoiseItem> items) {
            std::vector<Noise> noises;
            for (const MadeNoise* made : memory->make(items)) noises.push_back(made->noise);
            return noises;
          }};
}

Maker method_maker(const NoiseOptions& options, const Items& all) {
  if (options.method == "t2ue") throw BadUsage("[usage] t2ue's noise comes from its --generator");
  if (options.noise.latent != "all") throw BadUsage("[usage] --latent is for a generator");
  if (options.noise.size.empty())
    throw BadUsage("[usage] --method needs --size, WIDTHxHEIGHT of what models will see, as 224x224");
  const Size size = size_of(options.noise.size, 0);
  nlohmann::json given = as_usage([&] {
    return options.method_options.empty() ? nlohmann::json::object()
                                          : parse_json(options.method_options, "--options");
  });
  as_usage([&] {
    check(given.is_object(), "usage", "--options is a JSON object, not ", given.dump());
    if (options.noise.seed) {
      check(!given.contains("seed"), "usage", "the seed is in --seed and in --options");
      given["seed"] = *options.noise.seed;
    }
    check_method_options(options.method, given);
    return 0;
  });
  MethodFacts facts;
  facts.height = size.height;
  facts.width = size.width;
  facts.label_names = all.label_names;
  facts.items = all.items;
  for (const NoiseItem& item : all.items) facts.captions.push_back(item.caption);
  const std::shared_ptr<NoiseSource> source = make_noise_source(options.method, given, facts);
  NoiseRecipe recipe = recipe_for_models(*source, given.value("seed", uint64_t{0}), size);
  recipe.options = given.empty() ? "" : given.dump();
  recipe.per = kind_named<NoisePer>(options.noise.per);
  return {recipe, [source, recipe](std::span<const NoiseItem> items) {
            std::vector<Noise> noises = source->make(items);
            for (Noise& noise : noises)
              noise = resample_noise(noise, recipe.height, recipe.width, recipe.resampler);
            return noises;
          }};
}

Result make_noise(const NoiseOptions& options, const Globals& globals) {
  if (options.method.empty() == options.noise.generator.empty())
    throw BadUsage("[usage] noise wants either --generator or --method");
  const Items all = items_of(options);
  const std::span<const NoiseItem> items = all.items;
  const Maker maker = options.method.empty() ? generator_maker(options) : method_maker(options, all);
  const NoiseRecipe& recipe = maker.recipe;
  std::optional<NoiseFolderWriter>
      writer;  // made with the first noises: a method that refuses leaves no folder
  ProgressBar bar({"noise", static_cast<int64_t>(items.size()), "captions"},
                  progress_style(globals.progress));
  constexpr size_t chunk = 64;
  for (size_t begin = 0; begin < items.size(); begin += chunk) {
    const auto part = items.subspan(begin, std::min(chunk, items.size() - begin));
    const std::vector<Noise> noises = maker.make(part);
    if (!writer) writer.emplace(options.out, recipe, options.folder);
    for (size_t i = 0; i < part.size(); ++i) writer->add(part[i].key, part[i].caption, noises[i]);
    bar.update(static_cast<int64_t>(begin + part.size()), 0.0);
  }
  bar.finish();
  check(writer.has_value(), "noise", options.captions, " has nothing to make noise for");
  writer->commit();
  return {{{"out", options.out},
           {"method", recipe.method},
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
  CLI::Option* generator = add_noise_flags(command, options->noise);
  CLI::Option* method =
      command.add_option("--method", options->method,
                         "Instead of a generator: a method of `t2ue methods` that needs no picture");
  method->excludes(generator);
  command
      .add_option("--options", options->method_options, "The method's options, as in '{\"clusters\": 32}'")
      ->needs(method);
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
