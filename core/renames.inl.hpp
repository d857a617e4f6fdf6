#pragma once

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include <t2ue/core/error.hpp>
#include <t2ue/core/renames.hpp>

namespace t2ue {

namespace detail {

struct RenameListener {
  std::mutex mutex;
  std::function<void(const std::string&)> tell;
  std::set<const Rename*> told;
};
inline RenameListener& rename_listener() {
  static RenameListener listener;
  return listener;
}

/// `json` with every option's name of `from` replaced by that of `to`; `found` is called with each. `json` is
/// under `scope`, or may be under any.
template <class Found>
nlohmann::json renamed(const nlohmann::json& json, std::string_view scope, bool any_scope,
                       std::string_view Rename::*from, std::string_view Rename::*to, const Found& found) {
  if (json.is_array()) {
    nlohmann::json list = nlohmann::json::array();
    for (const nlohmann::json& value : json)
      list.push_back(renamed(value, scope, any_scope, from, to, found));
    return list;
  }
  if (!json.is_object()) return json;
  nlohmann::json object = nlohmann::json::object();
  for (const auto& [key, value] : json.items()) {
    const auto rename = std::find_if(renames.begin(), renames.end(), [&, &name = key](const Rename& r) {
      return (any_scope || r.scope == scope) && r.*from == name;
    });
    std::string name = key;
    if (rename != renames.end()) {
      name = (*rename).*to;
      check(!json.contains(name), scope, "'", rename->before, "' is called '", rename->now,
            "' now, and both are there; leave one out");
      found(*rename);
    }
    object[name] = renamed(value, key, false, from, to, found);
  }
  return object;
}

}  // namespace detail

T2UE_INLINE nlohmann::json with_present_names(const nlohmann::json& json, std::string_view scope) {
  return detail::renamed(json, scope, false, &Rename::before, &Rename::now, note_rename);
}

T2UE_INLINE nlohmann::json with_first_names(const nlohmann::json& json, std::string_view scope) {
  return detail::renamed(json, scope, scope.empty(), &Rename::now, &Rename::before, [](const Rename&) {});
}

T2UE_INLINE void on_rename(std::function<void(const std::string&)> listener) {
  detail::RenameListener& told = detail::rename_listener();
  const std::lock_guard lock(told.mutex);
  told.tell = std::move(listener);
  told.told.clear();
}

T2UE_INLINE void note_rename(const Rename& rename) {
  detail::RenameListener& listener = detail::rename_listener();
  const std::lock_guard lock(listener.mutex);
  if (!listener.tell || !listener.told.insert(&rename).second) return;
  listener.tell(concat("'", rename.before, "' is called '", rename.now, "' now (", rename.scope,
                       "); the old name is read as well"));
}

}  // namespace t2ue
