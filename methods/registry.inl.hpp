#pragma once

#include <algorithm>
#include <mutex>

#include <nlohmann/json.hpp>

#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/surrogate_training.hpp>
#include <t2ue/methods/t2ue_method.hpp>
#include <t2ue/methods/training_free_methods.hpp>
#include <t2ue/methods/word_patterns_method.hpp>

namespace t2ue {

namespace detail {

/// A deque: what is added moves nothing that is there. Never destroyed, as a static may make methods.
struct MethodRegistry {
  std::mutex mutex;
  std::deque<MethodEntry> entries;

  MethodRegistry() {
    const auto add = [&](std::vector<MethodEntry> more) {
      std::move(more.begin(), more.end(), std::back_inserter(entries));
    };
    add(training_free_methods());
    entries.push_back(word_patterns_method());
    entries.push_back(t2ue_method());
    add(surrogate_method_entries());
  }
  static MethodRegistry& get() {
    static auto& registry = *new MethodRegistry;
    return registry;
  }
  /// Null if there is none of that name.
  const MethodEntry* find(std::string_view name) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const MethodEntry& entry) { return entry.card.name == name; });
    return found == entries.end() ? nullptr : &*found;
  }
};

/// Error where the file that training made is missing, or options for training stand beside it.
inline void check_trained_file(const MethodEntry& entry, const nlohmann::json& given) {
  const MethodTraining& training = *entry.training;
  const std::string& name = entry.card.name;
  check(given.contains(training.file_option), name, "is trained on pictures, by `t2ue bench`",
        training.command.empty() ? "" : concat(" or `", training.command, "`"), "; elsewhere '",
        training.file_option, "' names the file that it made, and is missing");
  for (const auto& [option, value] : given.items()) {
    const auto& beside = training.beside_file;
    check(option == training.file_option || std::find(beside.begin(), beside.end(), option) != beside.end(),
          name, "'", option, "' is for training in t2ue bench, and '", training.file_option,
          "' names what was trained; leave one of them out");
  }
}

}  // namespace detail

T2UE_INLINE MethodFacts method_facts(const DatasetIndex& index, int height, int width) {
  MethodFacts facts;
  facts.height = height;
  facts.width = width;
  facts.label_names = index.label_names;
  for (const Record& record : index.records)
    facts.captions.insert(facts.captions.end(), record.captions.begin(), record.captions.end());
  return facts;
}

T2UE_INLINE void register_method(MethodEntry entry) {
  const std::string& name = entry.card.name;
  check(!name.empty() && !entry.card.summary.empty(), "method", "the card of '", name,
        "' lacks a name or a summary, which tables show");
  check(name != "clean", "method", "'clean' is what plans call pictures without noise; give it another name");
  check(entry.make != nullptr, name, "its entry has no `make`");
  if (entry.training)
    check(entry.training->train && entry.training->check && !entry.training->tasks.empty() &&
              !entry.training->file_option.empty(),
          name,
          "its training lacks `train`, `check`, tasks or the option of its file; trained_method_entry() has "
          "them");
  detail::MethodRegistry& registry = detail::MethodRegistry::get();
  const std::lock_guard lock(registry.mutex);
  check(registry.find(name) == nullptr, "method", "there is a method '", name,
        "' already; give this one another name");
  registry.entries.push_back(std::move(entry));
}

T2UE_INLINE const std::deque<MethodEntry>& all_methods() {
  return detail::MethodRegistry::get().entries;
}

T2UE_INLINE std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodEntry& method : all_methods()) names.push_back(method.card.name);
  return names;
}

T2UE_INLINE const MethodEntry& method_named(std::string_view name) {
  detail::MethodRegistry& registry = detail::MethodRegistry::get();
  const std::lock_guard lock(registry.mutex);
  if (const MethodEntry* entry = registry.find(name)) return *entry;
  std::string known;
  for (const MethodEntry& entry : registry.entries) known += (known.empty() ? "" : ", ") + entry.card.name;
  fail("method", "there is no method '", name, "'; one of: ", known);
}

T2UE_INLINE void check_method_options(std::string_view name, const nlohmann::json& options) {
  const MethodEntry& entry = method_named(name);
  if (entry.check) entry.check(options);
}

T2UE_INLINE Method make_method(std::string_view name, const nlohmann::json& options,
                               const MethodFacts& facts) {
  const MethodEntry& entry = method_named(name);
  const nlohmann::json given = options.is_null() ? nlohmann::json::object() : options;
  check(given.is_object(), name, "options are a JSON object, not ", given.type_name());
  if (entry.training) detail::check_trained_file(entry, given);
  return entry.make({entry.card.name, given, facts});
}

T2UE_INLINE std::shared_ptr<NoiseSource> make_noise_source(std::string_view name,
                                                           const nlohmann::json& options,
                                                           const MethodFacts& facts) {
  check(method_named(name).card.additive, name,
        "changes pictures as a whole and makes no noise; it is a PictureTransform");
  return make_method(name, options, facts).noise;
}

}  // namespace t2ue
