#pragma once

#include <t2ue/core/json_reader.hpp>

namespace t2ue {

T2UE_INLINE JsonReader::JsonReader(const nlohmann::json& json, std::string where)
    : json_(json), where_(std::move(where)) {
  check(json.is_object(), where_, "expected a JSON object, got ", json.type_name());
}

T2UE_INLINE void JsonReader::done() const {
  for (const auto& [key, value] : json_.items())
    check(seen_.contains(key), where_, "unknown key '", key, "'; known: ", known());
}

T2UE_INLINE std::string JsonReader::known() const {
  std::string names;
  for (const std::string& key : seen_) names += (names.empty() ? "" : ", ") + key;
  return names.empty() ? "none" : names;
}

T2UE_INLINE nlohmann::json parse_json(std::string_view text, const std::string& where) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    fail(where, "not valid JSON: ", error.what());
  }
}

T2UE_INLINE nlohmann::json parse_json_strictly(std::string_view text, const char* where,
                                               const std::string& what) {
  using Event = nlohmann::json::parse_event_t;
  std::array<std::set<std::string>, 3> keys;  // by depth: the names seen in the innermost open objects
  const auto guard = [&](int depth, Event event, nlohmann::json& value) {
    if (event == Event::object_start || event == Event::array_start) {
      check(depth < 3, where, what, " is nested too deeply");
      keys.at(static_cast<size_t>(depth)).clear();
    } else if (event == Event::key) {
      const auto& name = value.get_ref<const std::string&>();
      check(keys.at(static_cast<size_t>(depth - 1)).insert(name).second, where, what, " has \"", name,
            "\" twice");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, guard);
  } catch (const nlohmann::json::exception& error) {
    fail(where, what, " is not valid JSON: ", error.what());
  }
}

}  // namespace t2ue
