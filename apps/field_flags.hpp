// Flags made from the fields of a configuration, which are listed beside its members and nowhere else.
#pragma once

#include <map>
#include <set>

#include <t2ue/core/fields.hpp>
#include <t2ue/core/renames.hpp>

#include "commands.hpp"

namespace t2ue::apps {

/// One flag for each field: "warmup_share" is --warmup-share, a boolean "flip" is --flip and --no-flip. Flags
/// that had another name before are known by that one, too, which --help does not show. Must outlive the
/// parsing.
class FieldFlags {
 public:
  /// The fields of `defaults`, whose scope in the table of renames is `scope`; those in `left_out` get no
  /// flag.
  template <class Config>
  FieldFlags(CLI::App& command, const std::string& scope, const Config& defaults,
             const std::set<std::string>& left_out = {})
      : FieldFlags(command, std::make_shared<Config>(defaults), scope, left_out) {}
  FieldFlags(const FieldFlags&) = delete;
  FieldFlags& operator=(const FieldFlags&) = delete;

  /// What was given on the command line or in the configuration file, for with_json().
  const nlohmann::json& given() const { return given_; }

 private:
  template <class Config>
  FieldFlags(CLI::App& command, std::shared_ptr<Config> defaults, const std::string& scope,
             const std::set<std::string>& left_out)
      : defaults_(defaults), list_(fields_of(*defaults, scope)) {
    for (const std::string& name : left_out)
      check(list_.find(name) != nullptr, scope, "there is no field '", name, "' to leave out");
    for (const Field& field : list_.fields())
      if (!left_out.contains(field.name)) add(command, field);
  }

  void add(CLI::App& command, const Field& field) {
    const std::string flag = flag_of(field.name), help = help_of(field);
    if (std::holds_alternative<bool*>(field.target)) {
      command
          .add_flag_function(
              "--" + flag + ",!--no-" + flag,
              [this, name = field.name](int64_t count) { given_[name] = count > 0; }, help)
          ->default_str(text_of(field));
      return;
    }
    CLI::Option* option = add_value(command, field, flag, help, {})->default_str(text_of(field));
    for (const Rename& rename : renames) {
      if (rename.scope != list_.scope() || rename.now != field.name) continue;
      const std::string before = flag_of(std::string(rename.before));
      const auto told = [&rename, option, before, flag] {
        if (option->count() > 0) throw CLI::ExcludesError("--" + before, "--" + flag);
        note_rename(rename);
      };
      add_value(command, field, before, help, told)->group("");
    }
  }

  CLI::Option* add_value(CLI::App& command, const Field& field, const std::string& flag,
                         const std::string& help, const std::function<void()>& told) {
    const auto parse = [this, &field, flag, told](const CLI::results_t& given) {
      const nlohmann::json value = json_of_text(field, given.at(0));
      // CLI11 by itself leaves out the names of flags that --help does not show.
      if (value.is_discarded())
        throw CLI::ConversionError(concat("Could not convert: --", flag, " = ", given.at(0)));
      if (told) told();
      given_[field.name] = value;
      return true;
    };
    const nlohmann::json now = value_of(field);
    return command.add_option("--" + flag, parse, help)
        ->type_name(now.is_number_integer() ? "INT"
                    : now.is_number()       ? "FLOAT"
                                            : "TEXT");
  }

  static std::string flag_of(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
  }

  std::shared_ptr<void> defaults_;
  FieldList list_;
  nlohmann::json given_ = nlohmann::json::object();
};

}  // namespace t2ue::apps
