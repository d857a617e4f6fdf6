#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/training/bilevel.hpp>

namespace t2ue {

T2UE_INLINE BiLevelPolicy bilevel_policy_from_json(const nlohmann::json& json,
                                                   const BiLevelPolicy& defaults) {
  return with_json(defaults, json, "policy");
}

T2UE_INLINE nlohmann::json to_json(const BiLevelPolicy& policy) {
  BiLevelPolicy copy = policy;
  return write_fields(fields_of(copy, "policy"));
}

}  // namespace t2ue
