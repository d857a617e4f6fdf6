// Reads JSON objects strictly: a mistyped key or a value out of range is an error that names it.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue {

/// Reads members of one JSON object and remembers which; `done` refuses what nobody asked for.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& json, std::string where);

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
  void done() const;

 private:
  std::string known() const;
  const nlohmann::json& json_;
  std::string where_;
  std::set<std::string> seen_;
};

/// Parses text; Error "[where] not JSON: ..." if it is not.
nlohmann::json parse_json(std::string_view text, const std::string& where);

/// The same for a file of others, of which `what` names the part that is read: Error as well for a name that
/// an object gives twice, and for nesting deeper than three.
nlohmann::json parse_json_strictly(std::string_view text, const char* where, const std::string& what);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/json_reader.inl.hpp>
#endif
