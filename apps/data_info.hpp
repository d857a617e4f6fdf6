// `t2ue data info`: what is in a data set.
#pragma once

#include "commands.hpp"

namespace t2ue::apps {

void add_data_info(CLI::App& data, Globals& globals);

}  // namespace t2ue::apps
