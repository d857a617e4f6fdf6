#include "commands.hpp"

#include <t2ue/core/backend.hpp>

namespace t2ue::apps {

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example, Globals& globals) {
  CLI::App& command = *parent.add_subcommand(name, purpose);
  command.footer("Example:\n  t2ue " + example);
  command.add_option("--config", globals.config,
                     "TOML file with flags, one table a command; the command line overrides it");
  command.add_flag("--json", globals.json, "One JSON object on stdout, and nothing else there");
  command.add_flag("--progress", globals.progress, "Progress on stderr even where that is no terminal");
  command
      .add_option("--threads", globals.threads,
                  "Threads to compute with, 0 for all; another number may change last bits")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return command;
}

void add_device(CLI::App& command, std::string& device) {
  command.add_option("--device", device, "cpu, cuda, cuda:N or auto")->capture_default_str();
}

void add_compute(CLI::App& command, ComputeFlags& flags) {
  add_device(command, flags.device);
  std::vector<std::string> precisions = kind_names<Precision>();
  precisions.push_back("auto");
  command
      .add_option("--precision", flags.precision,
                  "fp32, tf32, bf16, or auto: bf16 on a GPU, fp32 on a CPU, which has no other")
      ->check(CLI::IsMember(precisions))
      ->capture_default_str();
}

Compute compute_of(const ComputeFlags& flags) {
  Compute compute{device_named(flags.device)};
  compute.precision =
      flags.precision == "auto" ? default_precision(compute.device) : kind_named<Precision>(flags.precision);
  check_precision(backend_of(compute.device), compute.precision);
  return compute;
}

Device device_named(const std::string& name) {
  const Device device = as_usage([&] { return parse_device(name); });
  (void)backend_of(device);
  return device;
}

}  // namespace t2ue::apps
