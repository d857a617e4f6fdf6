// Fields of methods' options that are more than a value: models by name, parts that are read by functions of
// their own, lists of a length of one's own. For fields() in an .inl.hpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <t2ue/core/fields.hpp>
#include <t2ue/core/json_reader.hpp>

namespace t2ue::detail {

/// A field by two functions.
class FunctionField : public FieldValue {
 public:
  using Read = std::function<void(const nlohmann::json&, const std::string& where)>;
  FunctionField(Read read, nlohmann::json value) : read_(std::move(read)), value_(std::move(value)) {}
  void read(const nlohmann::json& json, const std::string& where) override {
    read_(json, where);
    value_ = json;
  }
  void write(nlohmann::json& json) const override { json = value_; }

 private:
  Read read_;
  nlohmann::json value_;
};

/// A model by name or as a table; `plain` is the name of what `config` is.
template <class Config, class Named, class FromJson>
std::shared_ptr<FieldValue> named_model(Config& config, const std::string& plain, Named named,
                                        FromJson from_json) {
  return std::make_shared<FunctionField>(
      [&config, named, from_json](const nlohmann::json& json, const std::string& where) {
        config = json.is_string() ? named(json.get<std::string>()) : from_json(json, where);
      },
      plain);
}

/// The members of `json` that `plain` has otherwise.
inline nlohmann::json differences(const nlohmann::json& json, const nlohmann::json& plain) {
  nlohmann::json found = nlohmann::json::object();
  for (const auto& [key, value] : json.items())
    if (!plain.contains(key) || plain.at(key) != value) found[key] = value;
  return found;
}

/// A configuration of which what is given replaces what is there. It is shown by what it has otherwise than
/// `plain`.
template <class Config, class FromJson>
std::shared_ptr<FieldValue> part_of(Config& config, FromJson from_json, const Config& plain = {}) {
  return std::make_shared<FunctionField>(
      [&config, from_json](const nlohmann::json& json, const std::string&) {
        config = from_json(json, config);
      },
      differences(to_json(config), to_json(plain)));
}

}  // namespace t2ue::detail
