#pragma once

#include <istream>
#include <nlohmann/json.hpp>

#include <t2ue/core/error.hpp>
#include <t2ue/data/readers/json_elements.hpp>

namespace t2ue {

T2UE_INLINE void read_json_elements(std::istream& text, const std::string& where,
                                    const std::set<std::string>& lists,
                                    const std::function<void(const std::string& list, size_t number,
                                                             const nlohmann::json& object)>& element) {
  using Event = nlohmann::json::parse_event_t;
  std::set<std::string> seen;
  std::string member;  // of the root, being read
  bool wanted = false;
  size_t number = 0;
  // Depths: 0 the root, 1 its members, 2 the elements of a list. What the callback refuses is not kept.
  const auto visit = [&](int depth, Event event, nlohmann::json& value) {
    if (depth == 0) {
      check(event == Event::object_start || event == Event::object_end, "dataset", where,
            ": the JSON is not an object");
      return true;
    }
    if (depth == 1 && event == Event::key) {
      member = value.get<std::string>();
      wanted = lists.contains(member);
      number = 0;
      return true;
    }
    if (!wanted) return false;
    if (depth == 1) {
      check(event == Event::array_start || event == Event::array_end, "dataset", where, ": \"", member,
            "\" is not a list");
      seen.insert(member);
      return true;
    }
    if (depth > 2) return true;
    check(event == Event::object_start || event == Event::object_end, "dataset", where, ": \"", member, "\" ",
          number, " is not an object");
    if (event == Event::object_start) return true;
    element(member, number++, value);
    return false;
  };
  try {
    [[maybe_unused]] const auto rest = nlohmann::json::parse(text, visit);
  } catch (const nlohmann::json::exception& error) {
    fail("dataset", where, " is not valid JSON: ", error.what());
  }
  for (const std::string& list : lists)
    check(seen.contains(list), "dataset", where, " has no list \"", list, "\"");
}

}  // namespace t2ue
