// One spelling for every JSON value, and names made from its hash.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// JSON with sorted keys, no whitespace and one spelling a number (1.0 and 1 are both "1"). Throws Error for
/// NaN, infinity and invalid UTF-8, which JSON cannot hold.
std::string canonical_json(const nlohmann::json& value);

/// 24 hexadecimal digits of the SHA-256 of canonical_json(content), with the names that options had first
/// (renames.hpp): what is kept is named by what decides it.
std::string short_key(const nlohmann::json& content);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/canonical_json.inl.hpp>
#endif
