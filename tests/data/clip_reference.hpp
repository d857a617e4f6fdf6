// What tests/reference/clip_tokens.py wrote.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include <t2ue/core/atomic_file.hpp>

namespace t2ue::testing_data {

inline std::filesystem::path reference_path(const std::string& name) {
  return std::filesystem::path(T2UE_SOURCE_DIR) / "tests/reference" / name;
}

inline nlohmann::json reference_json(const std::string& name) {
  return nlohmann::json::parse(read_text(reference_path(name)));
}

}  // namespace t2ue::testing_data
