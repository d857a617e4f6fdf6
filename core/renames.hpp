// The names that options had before, and have now. Files and commands with the names of before are read;
// hashes are taken with them, so that those of finished work stay.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// An option that got another name. `scope` is the member under which its configuration lies in files: the
/// "recipe" of a victim or surrogate, the training "policy" of a method.
struct Rename {
  std::string_view scope, before, now;
};

/// All of them.
inline constexpr std::array<Rename, 8> renames{{
    {"recipe", "rate", "learning_rate"},
    {"recipe", "decay", "weight_decay"},
    {"recipe", "shift", "translation"},
    {"recipe", "policy", "augmentation_policy"},
    {"recipe", "policy_draws", "augmentation_draws"},
    {"policy", "noise_rate", "noise_learning_rate"},
    {"policy", "noise_decay", "noise_weight_decay"},
    {"policy", "warm_rate", "warm_learning_rate"},
}};

/// `json` with the names of now, in itself, which lies under `scope`, and in all that it holds. Every name of
/// before is told to the listener. Error for an object that has an option under both its names.
nlohmann::json with_present_names(const nlohmann::json& json, std::string_view scope = "");
/// `json` with the names that its options had first: what hashes are made from. Without a scope `json` itself
/// may be any configuration.
nlohmann::json with_first_names(const nlohmann::json& json, std::string_view scope = "");

/// Who is told that something was read under a name of before, once a name; nobody at first. The library
/// itself prints nothing.
void on_rename(std::function<void(const std::string& note)> listener);
/// Tells the listener, unless it knows.
void note_rename(const Rename& rename);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/renames.inl.hpp>
#endif
