#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include <t2ue/core/canonical_json.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/renames.hpp>
#include <t2ue/core/sha256.hpp>

namespace t2ue {

namespace detail {

/// Refuses what JSON has no number for, and turns whole floats into integers.
inline nlohmann::json canonical_numbers(nlohmann::json value) {
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    check(std::isfinite(number), "recipe", "a number is ", number, "; JSON cannot hold it");
    if (number == std::floor(number) && std::abs(number) <= 0x1p53) return static_cast<int64_t>(number);
  } else if (value.is_structured()) {
    for (auto& item : value) item = canonical_numbers(std::move(item));
  }
  return value;
}

}  // namespace detail

T2UE_INLINE std::string canonical_json(const nlohmann::json& value) {
  const nlohmann::json canonical = detail::canonical_numbers(value);
  try {
    return canonical.dump();
  } catch (const nlohmann::json::exception& error) {
    fail("recipe", "not writable as JSON: ", error.what());
  }
}

T2UE_INLINE std::string short_key(const nlohmann::json& content) {
  return sha256_hex(canonical_json(with_first_names(content))).substr(0, 24);
}

}  // namespace t2ue
