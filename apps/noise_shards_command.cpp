// `t2ue noise-shards`: noise for captions by the million, in shards; resumable, by several processes at once.
#include <chrono>
#include <optional>

#include <t2ue/noise/shard_job.hpp>
#include <t2ue/report/text_table.hpp>

#include "noise_flags.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct ShardFlags {
  NoiseFlags noise;
  std::vector<std::string> captions;
  std::string out, again;
  int64_t shard_items = 4096;
  bool manifest_only = false;
  ShardJob job;
};

/// Takes from a folder of shards what decides its noise.
void take_recipe(ShardFlags& flags) {
  const ShardRecipe recipe = read_shard_recipe(flags.again);
  flags.noise.seed = recipe.noise.seed;
  flags.noise.size = concat(recipe.noise.width, 'x', recipe.noise.height);
  flags.noise.latent = name_of(recipe.latent);
  flags.noise.per = name_of(recipe.noise.per);
  flags.noise.compute.precision = name_of(recipe.noise.precision);
  flags.shard_items = recipe.shard_items;
  flags.job.again = flags.again;
}

/// How much of the captions is read and how long the rest takes, by what was made rather than only compared.
class TimeLeft {
 public:
  std::string text(const ShardProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    std::string text = concat("  ", static_cast<int>(progress.share * 100), " % of the files");
    if (progress.made == 0 || !began_) {
      began_ = now;
      share_ = progress.share;
    } else if (progress.share > share_) {
      const double elapsed = std::chrono::duration<double>(now - *began_).count();
      text += "  " + format_duration(elapsed * (1 - progress.share) / (progress.share - share_)) + " left";
    }
    return text;
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> began_;
  double share_ = 0;
};

std::string text_of(const ShardSummary& summary, const ShardFlags& flags) {
  std::string text = concat(summary.made, " of ", summary.read, " captions done now");
  if (summary.bad.count > 0) text += concat(", ", summary.bad.count, " bad ones left out");
  if (!summary.complete) return text + "; other processes' parts of " + flags.out + " are not done yet";
  text += concat("; complete: ", summary.items,
                 flags.manifest_only ? " captions in the manifest " : " noises in ", summary.chunks,
                 " chunks in ", flags.out);
  if (summary.duplicates > 0) text += concat(", ", summary.duplicates, " with a key that is there before");
  return text;
}

Result make_shards(ShardFlags flags, const Globals& globals) {
  if (flags.noise.per == "all-captions")
    throw BadUsage("[usage] noise-shards reads caption after caption; --per all-captions is for t2ue noise");
  if (!flags.again.empty()) take_recipe(flags);
  const std::unique_ptr<T2ueSource> source = open_source(flags.noise);
  ShardJob& job = flags.job;
  job.folder = flags.out;
  job.recipe.noise = recipe_of(flags.noise, *source);
  job.recipe.latent = kind_named<LatentSharing>(flags.noise.latent);
  job.recipe.shard_items = flags.shard_items;
  job.recipe.manifest_only = flags.manifest_only;
  if (job.again)
    check(job.recipe.noise == read_shard_recipe(*job.again).noise, "shards", flags.again,
          " was made by the generator ", read_shard_recipe(*job.again).noise.generator_sha256,
          "; this one is ", source->sha256());
  for (const std::string& path : flags.captions)
    for (std::filesystem::path& file : caption_files(path)) job.files.push_back(std::move(file));

  ProgressBar bar({"noise-shards", 0, "captions"}, progress_style(globals.progress));
  TimeLeft left;
  job.progress = [&](const ShardProgress& progress) {
    bar.note(left.text(progress));
    bar.update(progress.items, 0.0);
  };
  NoiseMemory memory(*source, job.recipe.noise.height, job.recipe.noise.width);
  const ShardSummary summary = make_noise_shards(job, &memory);
  bar.finish();
  for (const std::string& reason : summary.bad.first) remark("left out: " + reason);
  return {{{"out", flags.out},
           {"read", summary.read},
           {"made", summary.made},
           {"bad", summary.bad.count},
           {"complete", summary.complete},
           {"items", summary.complete ? nlohmann::json(summary.items) : nullptr},
           {"chunks", summary.complete ? nlohmann::json(summary.chunks) : nullptr},
           {"duplicates", summary.complete ? nlohmann::json(summary.duplicates) : nullptr},
           {"seed", job.recipe.noise.seed},
           {"generator_sha256", job.recipe.noise.generator_sha256}},
          text_of(summary, flags),
          0};
}

}  // namespace

void add_noise_shards(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(
      app, "noise-shards",
      "Make noise for captions by the million: in shards, in constant memory. Run the same command again "
      "after "
      "an interruption, and it goes on",
      "noise-shards --generator generator.safetensors --captions 'cc3m-{000..331}.tar' --out noise", globals);
  const auto flags = std::make_shared<ShardFlags>();
  command
      .add_option(
          "--captions", flags->captions,
          "Caption files, read one after the other: .jsonl, .csv, .tsv, .txt (a caption a line), also with "
          ".gz, or WebDataset shards; a folder of them, or a pattern NAME-{000..123}.jsonl. Can be given "
          "several times")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--columns", flags->job.captions.columns,
                  "WebDataset: where captions are, as in txt,json:caption")
      ->delimiter(',');
  add_noise_flags(command, flags->noise)->required();
  command.add_option("--out", flags->out, "Folder to make, or to go on with")->required();
  CLI::Option* items = command.add_option("--shard-items", flags->shard_items, "Noises a shard")
                           ->check(CLI::Range(1, 1'000'000))
                           ->capture_default_str();
  CLI::Option* manifest = command.add_flag(
      "--manifest-only", flags->manifest_only,
      "No noise, but what --again needs to make it: 16 bytes a caption, and no generator runs");
  CLI::Option* again = command.add_option("--again", flags->again,
                                          "Make the noise of this folder or manifest of noise-shards again, "
                                          "bit for bit; other captions are refused");
  for (const char* decided : {"--seed", "--size", "--latent", "--per", "--precision"})
    command.get_option(decided)->excludes(again);
  items->excludes(again);
  manifest->excludes(again);
  command
      .add_option("--rank", flags->job.rank,
                  "Which of the --world processes that share the folder this is, from 0")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--world", flags->job.world, "How many processes share the folder; each takes its part")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_flag("--skip-bad", flags->job.captions.skip_bad,
                   "Leave out and count captions that cannot be read, and keep keys that come twice");
  command.callback([flags, &globals] {
    if (flags->job.rank >= flags->job.world)
      throw BadUsage(concat("[usage] --rank ", flags->job.rank, " is not below --world ", flags->job.world));
    globals.action = [flags, &globals] { return make_shards(*flags, globals); };
  });
}

}  // namespace t2ue::apps
