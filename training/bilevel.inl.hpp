#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/training/bilevel.hpp>

namespace t2ue {

namespace detail {
/// A member that is one of `names`, which stand for the first values of an enumeration.
template <class Kind>
Kind named(JsonReader& reader, const std::string& key, std::initializer_list<std::string_view> names,
           Kind otherwise) {
  const auto name =
      reader.get<std::string>(key, std::string(std::data(names)[static_cast<size_t>(otherwise)]));
  const auto found = std::find(names.begin(), names.end(), name);
  std::string known;
  for (const std::string_view other : names) known += concat(known.empty() ? "" : " or ", other);
  check(found != names.end(), "policy", "unknown ", key, " '", name, "'; it is ", known);
  return static_cast<Kind>(found - names.begin());
}
}  // namespace detail

T2UE_INLINE BiLevelPolicy bilevel_policy_from_json(const nlohmann::json& json,
                                                   const BiLevelPolicy& defaults) {
  JsonReader reader(json, "policy");
  BiLevelPolicy p = defaults;
  p.rounds = reader.in_range<int64_t>("rounds", 1, 100'000'000, p.rounds);
  p.surrogates = reader.in_range<int>("surrogates", 1, 64, p.surrogates);
  p.surrogate_steps = reader.in_range<int>("surrogate_steps", 0, 100'000, p.surrogate_steps);
  p.noise_steps = reader.in_range<int>("noise_steps", 1, 100'000, p.noise_steps);
  p.restart_every = reader.in_range<int64_t>("restart_every", 0, 100'000'000, p.restart_every);
  p.noise_rate = reader.in_range<float>("noise_rate", 0.0f, 10.0f, p.noise_rate);
  p.noise_schedule =
      detail::named<Schedule::Kind>(reader, "noise_schedule", {"constant", "cosine"}, p.noise_schedule);
  p.noise_warmup_share = reader.in_range<float>("noise_warmup_share", 0.0f, 1.0f, p.noise_warmup_share);
  p.fresh_latents = reader.get<bool>("fresh_latents", p.fresh_latents);
  p.warm_steps = reader.in_range<int64_t>("warm_steps", 0, 1'000'000, p.warm_steps);
  p.warm_rate = reader.in_range<float>("warm_rate", 0.0f, 10.0f, p.warm_rate);
  p.warm_share = reader.in_range<float>("warm_share", 0.001f, 1.0f, p.warm_share);
  p.final_share = reader.in_range<float>("final_share", 0.0f, 0.999f, p.final_share);
  p.noise_optimizer.kind = detail::named<OptimizerConfig::Kind>(reader, "noise_optimizer", {"adamw", "adam"},
                                                                p.noise_optimizer.kind);
  p.noise_optimizer.decay = reader.in_range<float>("noise_decay", 0.0f, 10.0f, p.noise_optimizer.decay);
  p.noise_optimizer.beta1 = reader.in_range<float>("noise_beta1", 0.0f, 1.0f, p.noise_optimizer.beta1);
  p.noise_optimizer.beta2 = reader.in_range<float>("noise_beta2", 0.0f, 1.0f, p.noise_optimizer.beta2);
  reader.done();
  return p;
}

T2UE_INLINE nlohmann::json to_json(const BiLevelPolicy& p) {
  nlohmann::json json{
      {"rounds", p.rounds},
      {"surrogate_steps", p.surrogate_steps},
      {"noise_steps", p.noise_steps},
      {"restart_every", p.restart_every},
      {"noise_rate", p.noise_rate},
      {"noise_schedule", p.noise_schedule == Schedule::Kind::constant ? "constant" : "cosine"},
      {"noise_warmup_share", p.noise_warmup_share},
      {"fresh_latents", p.fresh_latents},
      {"warm_steps", p.warm_steps},
      {"warm_rate", p.warm_rate},
      {"warm_share", p.warm_share},
      {"final_share", p.final_share},
      {"noise_optimizer", p.noise_optimizer.kind == OptimizerConfig::Kind::adamw ? "adamw" : "adam"},
      {"noise_decay", p.noise_optimizer.decay},
      {"noise_beta1", p.noise_optimizer.beta1},
      {"noise_beta2", p.noise_optimizer.beta2}};
  if (p.surrogates > 1) json["surrogates"] = p.surrogates;
  return json;
}

}  // namespace t2ue
