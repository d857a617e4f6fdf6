// Flags made from the members of a recipe's JSON, so that a recipe is listed in one place only.
#pragma once

#include <map>
#include <set>

#include "commands.hpp"

namespace t2ue::apps {

/// One flag for each member of a flat JSON object: "warmup_share" is --warmup-share, a boolean "flip" is
/// --flip and --no-flip. Must outlive the parsing.
class JsonFlags {
 public:
  /// `help` explains members by name, those in `left_out` get no flag.
  JsonFlags(CLI::App& command, nlohmann::json defaults, const std::map<std::string, std::string>& help,
            const std::set<std::string>& left_out = {})
      : values_(std::move(defaults)) {
    for (const auto& [key, value] : values_.items()) {
      if (left_out.contains(key)) continue;
      std::string flag = key;
      std::replace(flag.begin(), flag.end(), '_', '-');
      const auto found = help.find(key);
      const std::string text = found == help.end() ? "" : found->second;
      CLI::Option* option =
          value.is_boolean() ? add_truth(command, key, flag, text) : add_value(command, key, flag, text);
      option->default_str(text_of(value));
    }
  }
  JsonFlags(const JsonFlags&) = delete;
  JsonFlags& operator=(const JsonFlags&) = delete;

  /// The defaults with what was given on the command line or in the configuration.
  const nlohmann::json& values() const { return values_; }
  /// Only what was given.
  const nlohmann::json& given() const { return given_; }

 private:
  static std::string text_of(const nlohmann::json& value) {
    if (value.is_string()) return value.get<std::string>();
    // A float's own digits: 0.001, not what it is as a double.
    return value.is_number_float() ? concat(value.get<float>()) : value.dump();
  }

  CLI::Option* add_truth(CLI::App& command, const std::string& key, const std::string& flag,
                         const std::string& help) {
    return command.add_flag_function(
        "--" + flag + ",!--no-" + flag, [this, key](int64_t count) { set(key, count > 0); }, help);
  }

  CLI::Option* add_value(CLI::App& command, const std::string& key, const std::string& flag,
                         const std::string& help) {
    const nlohmann::json& value = values_[key];
    const bool text = value.is_string(), whole = value.is_number_integer();
    const auto parse = [this, key, text, whole](const std::string& given) {
      const nlohmann::json parsed =
          text ? nlohmann::json(given) : nlohmann::json::parse(given, nullptr, false);
      const bool fits = text || (whole ? parsed.is_number_integer() : parsed.is_number());
      if (fits) set(key, parsed);
      return fits;
    };
    CLI::Option* option = command.add_option(
        "--" + flag, [parse](const CLI::results_t& given) { return parse(given.at(0)); }, help);
    return option->type_name(text ? "TEXT" : whole ? "INT" : "FLOAT");
  }

  void set(const std::string& key, const nlohmann::json& value) {
    values_[key] = value;
    given_[key] = value;
  }

  nlohmann::json values_, given_ = nlohmann::json::object();
};

}  // namespace t2ue::apps
