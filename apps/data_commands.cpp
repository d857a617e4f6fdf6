// `t2ue data`: making and describing data sets.
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/emoji.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/noise/noise_source.hpp>

#include "commands.hpp"
#include "data_info.hpp"
#include "progress.hpp"

namespace t2ue::apps {

namespace {

struct EmojiOptions {
  std::string packages, out, vendor = "google", captions = "all";
  int size = 32, renderings = 1;
  bool plain = false, tinted = false, skin_tones = false, classes = false;
  uint64_t seed = 1;
};

bool is_wanted(const Emoji& emoji, const EmojiOptions& options) {
  const bool in_class =
      std::find(emoji_classes.begin(), emoji_classes.end(), emoji.group) != emoji_classes.end();
  return (options.skin_tones || !emoji.skin_tone) && (!options.classes || in_class);
}

/// What the pictures of an emoji are called. Of an emoji without tags "tags" is the name.
std::string caption_of(const Emoji& emoji, const std::string& captions) {
  if (captions == "name") return emoji.name;
  const bool has_tags = emoji.caption.size() > emoji.name.size();
  return captions == "tags" && has_tags ? emoji.caption.substr(emoji.name.size() + 1) : emoji.caption;
}

Result make_emoji(const EmojiOptions& options, const Globals& globals) {
  std::vector<Emoji> chosen;
  for (Emoji& emoji : read_emoji(options.packages))
    if (is_wanted(emoji, options)) chosen.push_back(std::move(emoji));
  const RenderRecipe recipe = options.plain    ? RenderRecipe::plain()
                              : options.tinted ? RenderRecipe::tinted()
                                               : RenderRecipe{};

  PairsFolderWriter writer(options.out);
  ProgressBar bar({"data emoji", static_cast<int64_t>(chosen.size()), "drawings"},
                  progress_style(globals.progress));
  int64_t done = 0;
  for (const Emoji& emoji : chosen) {
    const Image drawing = load_image(options.vendor == "google" ? emoji.google : emoji.twitter);
    for (int r = 0; r < options.renderings; ++r) {
      const std::string key = concat(emoji.key, "-r", r);
      const Image picture = render_drawing(drawing, options.size, options.seed,
                                           item_number(options.vendor + ":" + key), recipe);
      writer.add({key,
                  key + ".png",
                  {caption_of(emoji, options.captions)},
                  std::string(emoji_groups[static_cast<size_t>(emoji.group)])},
                 encode_png(picture));
    }
    bar.update(++done, 0.0);
  }
  writer.commit();
  const auto pictures = chosen.size() * static_cast<size_t>(options.renderings);
  return {{{"out", options.out}, {"drawings", chosen.size()}, {"pictures", pictures}},
          concat(pictures, " pictures of ", chosen.size(), " emoji in ", options.out),
          0};
}

}  // namespace

void add_data_commands(CLI::App& app, Globals& globals) {
  CLI::App& data = *app.add_subcommand("data", "Make and describe data sets");
  data.require_subcommand(1);
  data.footer("Example:\n  t2ue data info --help");
  add_data_info(data, globals);

  const auto options = std::make_shared<EmojiOptions>();
  CLI::App& emoji = add_command(
      data, "emoji", "Render emoji drawings into a folder of captioned pictures",
      "data emoji --packages node_modules --out emoji-google --vendor google --renderings 2", globals);
  emoji.add_option("--packages", options->packages, "The node_modules folder with the emoji packages")
      ->required();
  emoji.add_option("--out", options->out, "Folder to make; must not be there or be empty")->required();
  emoji.add_option("--vendor", options->vendor, "Whose drawings")
      ->check(CLI::IsMember({"google", "twitter"}))
      ->capture_default_str();
  emoji.add_option("--size", options->size, "Side of the pictures in pixels")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  emoji
      .add_option("--renderings", options->renderings,
                  "Pictures of each drawing, each with its own variation")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  CLI::Option* plain =
      emoji.add_flag("--plain", options->plain, "On white, filling the picture: no variation");
  emoji.add_flag("--tinted", options->tinted, "As the demo's: grey drawings in a random tint, and fainter")
      ->excludes(plain);
  emoji
      .add_option("--captions", options->captions,
                  "What they say: the emoji's name, its tags, or all: the name and then the tags")
      ->check(CLI::IsMember({"all", "name", "tags"}))
      ->capture_default_str();
  emoji.add_flag("--skin-tones", options->skin_tones, "Also the variants with skin tones");
  emoji.add_flag("--classes", options->classes, "Only the eight groups that serve as classes");
  emoji.add_option("--seed", options->seed, "Of the variation")->capture_default_str();
  emoji.callback([options, &globals] {
    globals.action = [options, &globals] { return make_emoji(*options, globals); };
  });
}

}  // namespace t2ue::apps
