#include "config_file.hpp"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <t2ue/core/atomic_file.hpp>

namespace t2ue::apps {

namespace {

/// The direct child of that name; null if there is none.
CLI::App* child_of(CLI::App& app, std::string_view name) {
  for (CLI::App* child : app.get_subcommands([](CLI::App*) { return true; }))
    if (child->get_name() == name) return child;
  return nullptr;
}

/// The command that the arguments name, and the file after --config ("" if there is none).
struct Target {
  CLI::App* command;
  std::string file;
};

Target target_of(CLI::App& app, const std::vector<std::string>& arguments) {
  Target target{&app, ""};
  size_t i = 0;
  for (; i < arguments.size(); ++i) {
    CLI::App* next = child_of(*target.command, arguments[i]);
    if (next == nullptr) break;
    target.command = next;
  }
  const std::string flag = "--config";
  for (; i < arguments.size(); ++i) {
    if (arguments[i] == flag && i + 1 < arguments.size()) target.file = arguments[i + 1];
    if (arguments[i].starts_with(flag + "=")) target.file = arguments[i].substr(flag.size() + 1);
  }
  return target;
}

std::string text_of(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) return fmt::format("{:.17g}", number->get());
  throw BadUsage(concat("[config] ", where, " must be a text, a number, true or false"));
}

void set_option(CLI::Option& option, const toml::node& node, const std::string& where) {
  const bool is_flag = option.get_expected_max() == 0;
  if (is_flag != node.is_boolean())
    throw BadUsage(concat("[config] ", where, is_flag ? " is true or false" : " is not true or false"));
  try {
    option.add_result(text_of(node, where));
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw BadUsage(concat("[config] ", where, ": ", error.what()));
  }
  option.clear();          // so that the command line sets it anew
  option.required(false);  // it has a value now
}

void apply_table(CLI::App& app, const toml::table& table, const std::string& path, const std::string& file,
                 const CLI::App* command) {
  for (const auto& [key, node] : table) {
    const std::string name = path + std::string(key.str());
    const std::string where = concat(file, ": '", name, "'");
    CLI::App* child = child_of(app, key.str());
    if (child != nullptr && node.is_table()) {
      apply_table(*child, *node.as_table(), name + ".", file, command);
      continue;
    }
    CLI::Option* option = app.get_option_no_throw("--" + std::string(key.str()));
    // A flag's negative name ("no-flip") is no key: the flag itself is false.
    const bool known = option != nullptr && key.str() != "help" && key.str() != "config" &&
                       !option->check_fname(std::string(key.str()));
    if (!known) throw BadUsage(concat("[config] ", where, " is no flag or command"));
    if (&app == command) set_option(*option, node, where);
  }
}

}  // namespace

void apply_config_file(CLI::App& app, const std::vector<std::string>& arguments) {
  const Target target = target_of(app, arguments);
  if (target.file.empty()) return;
  const std::string text = as_usage([&] { return read_text(target.file, 1 << 20); });
  try {
    apply_table(app, toml::parse(text, target.file), "", target.file, target.command);
  } catch (const toml::parse_error& error) {
    throw BadUsage(
        concat("[config] ", target.file, ", line ", error.source().begin.line, ": ", error.description()));
  }
}

}  // namespace t2ue::apps
