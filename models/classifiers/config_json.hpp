// What the readers of models' configurations share.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
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

/// Error unless every stage has a number of `what` that is within range.
inline void check_counts(const std::vector<int>& counts, const std::string& what, const std::string& name) {
  check(!counts.empty() && counts.size() <= 16, "config", name, " has ", counts.size(), " stages; 1..16");
  for (const int count : counts)
    check(count >= 1 && count <= 1000, "config", "a stage of ", count, " ", what, " in ", name);
}

/// The same where every stage has a width, too.
inline void check_stages(const std::vector<int64_t>& widths, const std::vector<int>& counts,
                         const std::string& what, const std::string& name) {
  check(widths.size() == counts.size() && !widths.empty(), "config", name, " has ", widths.size(),
        " widths and ", counts.size(), " numbers of ", what, "; 1..16 of each");
  check_counts(counts, what, name);
  for (const int64_t width : widths)
    check(width >= 1 && width <= 65536, "config", "a width of ", width, " in ", name);
}

inline ResNetConfig resnet_from_json(JsonReader& reader, const std::string& name) {
  ResNetConfig c{reader.get<std::vector<int64_t>>("widths"), reader.get<std::vector<int>>("blocks")};
  check_stages(c.widths, c.blocks, "blocks", name);
  c.stem_stride = reader.in_range<int>("stem_stride", 1, 8, 1);
  c.feature_norm = reader.get<bool>("feature_norm", false);
  c.bottleneck = reader.get<bool>("bottleneck", false);
  c.stem_size = reader.in_range<int>("stem_size", 1, 15, 3);
  check(c.stem_size % 2 == 1, "config", "'stem_size' is ", c.stem_size, " in ", name, "; it must be odd");
  c.stem_pool = reader.get<bool>("stem_pool", false);
  return c;
}

/// What came later is left out where it is off: hashes of results that do not use it stay as they were.
inline nlohmann::json resnet_to_json(const ResNetConfig& c) {
  nlohmann::json json{{"widths", c.widths},
                      {"blocks", c.blocks},
                      {"stem_stride", c.stem_stride},
                      {"feature_norm", c.feature_norm}};
  if (c.bottleneck) json["bottleneck"] = true;
  if (c.stem_size != 3) json["stem_size"] = c.stem_size;
  if (c.stem_pool) json["stem_pool"] = true;
  return json;
}

}  // namespace t2ue::detail
