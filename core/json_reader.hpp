// Reads JSON objects strictly: a mistyped key or a value out of range is an error that names it.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// Reads members of one JSON object and remembers which; `done` refuses what nobody asked for.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& json, std::string where) : json_(json), where_(std::move(where)) {
    check(json.is_object(), where_, "expected a JSON object, got ", json.type_name());
  }

  /// The member, converted; Error if it is absent or of another type.
  template <class T>
  T get(const std::string& key) {
    seen_.insert(key);
    const auto found = json_.find(key);
    check(found != json_.end(), where_, "'", key, "' is missing");
    try {
      if constexpr (std::is_same_v<T, nlohmann::json>)
        return *found;
      else
        return found->template get<T>();
    } catch (const nlohmann::json::exception&) {
      fail(where_, "'", key, "' has the wrong type: ", found->dump());
    }
  }
  template <class T>
  T get(const std::string& key, T otherwise) {
    seen_.insert(key);
    return json_.contains(key) && !json_.at(key).is_null() ? get<T>(key) : otherwise;
  }
  /// A number that must lie in [low, high].
  template <class T>
  T in_range(const std::string& key, T low, T high, T otherwise) {
    const T value = get<T>(key, otherwise);
    check(value >= low && value <= high, where_, "'", key, "' is ", value, ", outside ", low, "..", high);
    return value;
  }
  bool has(const std::string& key) const { return json_.contains(key) && !json_.at(key).is_null(); }
  /// Error naming a member that was never asked for.
  void done() const {
    for (const auto& [key, value] : json_.items())
      check(seen_.contains(key), where_, "unknown key '", key, "'; known: ", known());
  }

 private:
  std::string known() const {
    std::string names;
    for (const std::string& key : seen_) names += (names.empty() ? "" : ", ") + key;
    return names.empty() ? "none" : names;
  }
  const nlohmann::json& json_;
  std::string where_;
  std::set<std::string> seen_;
};

/// Parses text; Error "[where] not JSON: ..." if it is not.
inline nlohmann::json parse_json(std::string_view text, const std::string& where) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    fail(where, "not valid JSON: ", error.what());
  }
}

/// The same for a file of others, of which `what` names the part that is read: Error as well for a name that
/// an object gives twice, and for nesting deeper than three.
inline nlohmann::json parse_json_strictly(std::string_view text, const char* where, const std::string& what) {
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
