// Shared by the readers of models' configurations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/models/classifiers/resnet.hpp>

namespace t2ue::detail {

inline std::vector<std::string> names_of(const std::map<std::string, std::string>& configs) {
  std::vector<std::string> names;
  for (const auto& [name, text] : configs) names.push_back(name);
  return names;
}

/// The JSON of a built-in name or of a file.
inline nlohmann::json config_json(const std::map<std::string, std::string>& built_in, const std::string& name,
                                  const std::string& what) {
  if (name.ends_with(".json")) return parse_json(read_text(name, 1 << 20), name);
  const auto found = built_in.find(name);
  if (found != built_in.end()) return nlohmann::json::parse(found->second);
  std::string known;
  for (const std::string& other : names_of(built_in)) known += (known.empty() ? "" : ", ") + other;
  fail(what, "unknown model '", name, "'; a path ending in .json, or one of: ", known);
}

inline void check_stage_count(size_t stages, const std::string& name) {
  check(stages >= 1 && stages <= 16, "config", name, " has ", stages, " stages; 1..16");
}

/// Error unless every stage has a width and a number of `what`.
inline void check_stages(const std::vector<int64_t>& widths, const std::vector<int>& counts,
                         const std::string& what, const std::string& name) {
  check(widths.size() == counts.size() && !widths.empty(), "config", name, " has ", widths.size(),
        " widths and ", counts.size(), " numbers of ", what, "; 1..16 of each");
  check_stage_count(widths.size(), name);
}

inline void check_resnet(const ResNetConfig& c, const std::string& name) {
  check_stages(c.widths, c.blocks, "blocks", name);
  check(c.stem_size % 2 == 1, "config", "'stem_size' is ", c.stem_size, " in ", name, "; it must be odd");
}

}  // namespace t2ue::detail
