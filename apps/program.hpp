// The program t2ue as a function: what a main of one's own calls after register_method().
#pragma once

namespace t2ue::apps {

/// Runs the command that `argv` holds, as `t2ue` does: prints its result, and errors on stderr. Returns the
/// exit code: 0, 1 (failed), 2 (bad usage).
int run(int argc, char** argv);

}  // namespace t2ue::apps
