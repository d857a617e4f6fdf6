// --config FILE: flags from a TOML file.
//
//   [train.clip]           # a table a command
//   epochs = 8             # its long flags without the dashes
//   checkpoint-every = 50
#pragma once

#include "commands.hpp"

namespace t2ue::apps {

/// Sets options of the command that `arguments` name from the file that their --config names, before the
/// command line is parsed over them. Tables of other commands only have their keys checked. Throws BadUsage
/// naming file and key for an unreadable file, an unknown table or key, and a value that the option refuses.
void apply_config_file(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace t2ue::apps
