// `t2ue demo`: the whole job on emoji pictures.
#include "demo/demo.hpp"

#include "commands.hpp"

namespace t2ue::apps {

void add_demo(CLI::App& app, Globals& globals) {
  struct Flags {
    std::string packages, out = "out/demo";
    ComputeFlags compute;
    uint64_t seed = 1;
    bool quick = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App& command =
      add_command(app, "demo", "Train, protect, attack and measure on the emoji drawings; writes a report",
                  "demo --packages build/emoji/node_modules --out out/demo", globals);
  command
      .add_option("--packages", flags->packages,
                  "node_modules with emoji-datasource-google, emoji-datasource-twitter and emojibase-data")
      ->required();
  command.add_option("--out", flags->out, "A new or empty folder")->capture_default_str();
  command.add_option("--seed", flags->seed, "Of everything random")->capture_default_str();
  command.add_flag("--quick", flags->quick,
                   "A few steps of everything: shows that it works, measures nothing");
  add_compute(command, flags->compute);
  command.callback([flags, &globals] {
    globals.action = [flags, &globals] {
      DemoRecipe recipe;
      recipe.seed = flags->seed;
      if (flags->quick) recipe.make_quick();
      DemoOptions options;
      options.packages = flags->packages;
      options.out = flags->out;
      options.compute = compute_of(flags->compute);
      options.progress = progress_style(globals.progress);
      Demo demo(recipe, options);
      const std::string text = demo.run();
      return Result{demo.results(), text, 0};
    };
  });
}

}  // namespace t2ue::apps
