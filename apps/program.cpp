#include "program.hpp"

#include <omp.h>

#include <t2ue/core/config.hpp>
#include <t2ue/core/renames.hpp>

#include "commands.hpp"
#include "config_file.hpp"
#include "output.hpp"

namespace t2ue::apps {
namespace {

std::string version() {
  return concat(T2UE_VERSION_MAJOR, '.', T2UE_VERSION_MINOR, '.', T2UE_VERSION_PATCH);
}

void add_version(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(app, "version", "Print the version", "version --json", globals);
  command.callback([&globals] {
    globals.action = [] { return Result{{{"version", version()}}, "t2ue " + version(), 0}; };
  });
}

/// Where to read on: the help of the commands that were understood.
std::string help_command(const CLI::App& app) {
  std::string text = "t2ue";
  for (const CLI::App* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    text += " " + command->get_name();
  }
  return text + " --help";
}

/// Reads the command line; the exit code if that is all there is to do.
std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    apply_config_file(app, {argv + 1, argv + argc});
    app.parse(argc, argv);
    return {};
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    // What was not understood says more than what is missing because of it.
    const std::vector<std::string> unknown = app.remaining(true);
    const std::string what = unknown.empty() ? error.what() : "unknown argument '" + unknown.front() + "'";
    throw BadUsage(concat("[usage] ", what, "; see ", help_command(app)));
  }
}

int run_command(int argc, char** argv) {
  Globals globals;
  CLI::App app("Noise that makes captioned pictures unlearnable: train it, make it, add it, prove it.",
               "t2ue");
  app.footer("Example:\n  t2ue train clip --help");
  app.set_version_flag("--version", "t2ue " + version());
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // of a flag given twice
  add_data_commands(app, globals);
  add_train_commands(app, globals);
  add_noise(app, globals);
  add_noise_shards(app, globals);
  add_apply(app, globals);
  add_audit(app, globals);
  add_evaluate_commands(app, globals);
#if defined(T2UE_APP_DEMO)
  add_demo(app, globals);
#endif
  add_bench(app, globals);
  add_methods(app, globals);
  add_weight_commands(app, globals);
  add_devices(app, globals);
  add_version(app, globals);

  if (const auto code = parse(app, argc, argv)) return *code;
  if (globals.threads > 0) omp_set_num_threads(globals.threads);
  const Result result = globals.action();
  print_result(result, globals.json);
  return result.code;
}

}  // namespace

int run(int argc, char** argv) {
  on_rename(remark);
  try {
    return run_command(argc, argv);
  } catch (const BadUsage& error) {
    remark(error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    remark("[memory] there is not enough memory; use smaller batches, pictures or models");
  } catch (const std::exception& error) {
    remark(error.what());
  }
  return 1;
}

}  // namespace t2ue::apps
