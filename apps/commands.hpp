// What every command of the program t2ue shares.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue::apps {

/// A mistake in the command line or the configuration file: exit code 2.
class BadUsage : public Error {
 public:
  using Error::Error;
};

/// What a command gives back: the same for machines and for people, and the exit code.
struct Result {
  nlohmann::json json;
  std::string text;
  int code = 0;
};

/// The flags that every command has, and the command that was asked for.
struct Globals {
  std::string config;
  bool json = false;
  bool progress = false;
  int threads = 0;
  std::function<Result()> action;
};

/// Runs f; what it throws is a mistake of the user's.
template <class F>
auto as_usage(F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw BadUsage(error.what());
  }
}

/// A subcommand with its example at the foot of its help, and the flags that all commands have.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example, Globals& globals);
/// Where a command computes, and in what.
struct ComputeFlags {
  std::string device = "auto", precision = "auto";
};
/// --device
void add_device(CLI::App& command, std::string& device);
/// --device and --precision
void add_compute(CLI::App& command, ComputeFlags& flags);
/// The device of that name: BadUsage for an unknown name, Error if this build or machine lacks it.
Device device_named(const std::string& name);
/// As device_named; Error as well if the device does not compute in that precision.
Compute compute_of(const ComputeFlags& flags);

void add_data_commands(CLI::App& app, Globals& globals);
void add_train_commands(CLI::App& app, Globals& globals);
void add_noise(CLI::App& app, Globals& globals);
void add_noise_shards(CLI::App& app, Globals& globals);
void add_apply(CLI::App& app, Globals& globals);
void add_audit(CLI::App& app, Globals& globals);
void add_evaluate_commands(CLI::App& app, Globals& globals);
void add_bench(CLI::App& app, Globals& globals);
void add_devices(CLI::App& app, Globals& globals);
void add_methods(CLI::App& app, Globals& globals);
void add_weight_commands(CLI::App& app, Globals& globals);
void add_demo(CLI::App& app, Globals& globals);

}  // namespace t2ue::apps
