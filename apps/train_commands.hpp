// The commands of `t2ue train`, one file each.
#pragma once

#include "commands.hpp"

namespace t2ue::apps {

void add_train_clip(CLI::App& train, Globals& globals);
void add_train_generator(CLI::App& train, Globals& globals);
void add_train_patterns(CLI::App& train, Globals& globals);
void add_train_classifier(CLI::App& train, Globals& globals);

}  // namespace t2ue::apps
