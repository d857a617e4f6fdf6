// `t2ue train`: models and generators.
#include "train_commands.hpp"

namespace t2ue::apps {

void add_train_commands(CLI::App& app, Globals& globals) {
  CLI::App& train = *app.add_subcommand("train", "Train models and generators");
  train.require_subcommand(1);
  train.footer("Example:\n  t2ue train clip --help");
  add_train_clip(train, globals);
  add_train_generator(train, globals);
  add_train_patterns(train, globals);
  add_train_classifier(train, globals);
}

}  // namespace t2ue::apps
