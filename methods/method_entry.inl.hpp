#pragma once

#include <algorithm>

#include <nlohmann/json.hpp>

#include <t2ue/methods/method_entry.hpp>

namespace t2ue {

T2UE_INLINE bool MethodRequest::has(const std::string& option) const {
  return given.contains(option);
}

T2UE_INLINE int MethodRequest::classes() const {
  check(!facts.label_names.empty(), name,
        "is a method for classes, but the data set has no labels; use a method for captions, or give labels");
  return static_cast<int>(facts.label_names.size());
}

T2UE_INLINE const std::vector<std::string>& MethodRequest::captions() const {
  check(!facts.captions.empty(), name, "is a method for captions, but the data set has none");
  return facts.captions;
}

namespace detail {

T2UE_INLINE void read_options(const FieldList& list, const nlohmann::json& given) {
  for (const Field& field : list.fields()) {
    const auto found = given.find(field.name);
    if (found == given.end() || found->is_null()) continue;
    const bool whole = std::holds_alternative<int*>(field.target) ||
                       std::holds_alternative<int64_t*>(field.target) ||
                       std::holds_alternative<uint64_t*>(field.target);
    check(!whole || found->is_number_integer(), list.where(), "'", field.name,
          "' has the wrong type: ", found->dump(), " is no whole number");
    check(!std::holds_alternative<uint64_t*>(field.target) || found->is_number_unsigned() ||
              found->get<int64_t>() >= 0,
          list.where(), "'", field.name, "' is ", found->dump(), "; it cannot be negative");
    check(!std::holds_alternative<int*>(field.target) || std::abs(found->get<double>()) < 0x1p31,
          list.where(), "'", field.name, "' is ", found->dump(), ", which is too large");
  }
  read_fields(list, given);
}

T2UE_INLINE std::vector<MethodOption> method_options(const FieldList& list) {
  std::vector<MethodOption> options;
  for (const Field& field : list.fields())
    options.push_back({field.name, value_of(field).dump(), help_of(field)});
  return options;
}

T2UE_INLINE void check_task(const std::string& name, const MethodTraining& training, LearningTask task) {
  const auto& tasks = training.tasks;
  check(std::find(tasks.begin(), tasks.end(), task) != tasks.end(), name, "is a method for ",
        task == LearningTask::classes ? "captions" : "classes", ", and the task is ", name_of(task));
}

T2UE_INLINE void check_apart(const std::string& name, bool has_apart) {
  check(has_apart, name,
        "trains on pictures set apart, and the plan has none: 'apart' or 'apart_share' in [data]");
}

}  // namespace detail

}  // namespace t2ue
