// Shrinks a plan to its smallest run, to see that every part of it works. It measures nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace t2ue {

namespace detail {

/// What says how long something trains, wherever in a plan it stands.
inline constexpr std::array<std::string_view, 14> lengths = {
    "epochs",     "rounds",        "surrogate_steps",   "pgd_steps",      "pretrain_epochs",
    "warm_steps", "noise_batches", "frozen_epochs",     "trigger_rounds", "attack_steps",
    "samples",    "restarts",      "adversarial_steps", "final_passes"};

inline void shorten(nlohmann::json& json) {
  if (!json.is_structured()) return;
  for (const auto& item : json.items()) {
    nlohmann::json& value = item.value();
    const bool is_length = std::find(lengths.begin(), lengths.end(), item.key()) != lengths.end();
    const int64_t most = is_length                  ? 1
                         : item.key() == "batch"    ? 8
                         : item.key() == "clusters" ? 16
                                                    : std::numeric_limits<int64_t>::max();
    if (value.is_number_integer() && value.get<int64_t>() > most)
      value = most;
    else
      shorten(value);
  }
}

}  // namespace detail

/// `plan` with at most 64 training pictures, one seed, one epoch a victim, and 1 for every length of training
/// that it sets for its methods (those it leaves out stay the methods' own), batches of at most 8 (a fifth of
/// the pictures is to be enough for one) and 16 clusters. Its title says so. What is no plan comes back as it
/// is, for bench_plan_from_json() to refuse.
inline nlohmann::json quick_plan(nlohmann::json plan) {
  const bool is_plan = plan.is_object() && plan.contains("data") && plan["data"].is_object() &&
                       plan.contains("victims") && plan["victims"].is_array() && plan.contains("methods");
  if (!is_plan) return plan;
  if (plan.contains("title") && plan["title"].is_string())
    plan["title"] = plan["title"].get<std::string>() + " (quick: these are no results)";
  plan["data"]["limit"] = 64;
  if (plan.contains("seeds") && plan["seeds"].is_array() && plan["seeds"].size() > 1)
    plan["seeds"] = {plan["seeds"].front()};
  for (nlohmann::json& victim : plan["victims"]) {
    if (!victim.is_object()) continue;
    nlohmann::json recipe = victim.value("recipe", nlohmann::json::object());
    if (recipe.is_string()) recipe = {{"base", recipe}};
    if (recipe.is_object()) recipe["epochs"] = 1, recipe["batch"] = 8;
    victim["recipe"] = std::move(recipe);
  }
  detail::shorten(plan["victims"]);
  detail::shorten(plan["methods"]);
  return plan;
}

}  // namespace t2ue
