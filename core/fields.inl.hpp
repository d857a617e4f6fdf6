#pragma once

#include <algorithm>

#include <t2ue/core/fields.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/core/renames.hpp>

namespace t2ue {

namespace detail {

template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// Ends of ranges above this say nothing: "at least 0".
inline constexpr double unlimited = 1e6;

inline std::string listed(const std::vector<std::string_view>& names, std::string_view last) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += concat(i == 0 ? "" : i + 1 == names.size() ? last : ", ", names[i]);
  return text;
}

/// Sets fields from the members of one object.
struct FieldReader {
  const FieldList& list;
  JsonReader& reader;

  template <class T>
  void check_range(const Field& field, T number, const char* is) const {
    const T low = static_cast<T>(field.range->low), high = static_cast<T>(field.range->high);
    check(number >= low && number <= high, list.where(), "'", field.name, "' ", is, " ", number, ", outside ",
          low, "..", high);
  }
  template <class T>
  void operator()(const Field& field, T* value) const {
    *value = reader.get<T>(field.name, *value);
    if constexpr (is_number<T>)
      if (field.range) check_range(field, *value, "is");
  }
  void operator()(const Field& field, float* value) const {
    const float number = reader.get<float>(field.name, *value * field.scale);
    if (field.range) check_range(field, number, "is");
    if (reader.has(field.name)) *value = number / field.scale;
  }
  template <class T>
  void operator()(const Field& field, std::vector<T>* values) const {
    *values = reader.get<std::vector<T>>(field.name, *values);
    if constexpr (is_number<T>)
      if (field.range)
        for (const T value : *values) check_range(field, value, "has");
  }
  void operator()(const Field& field, const Field::Choice& choice) const {
    if (!reader.has(field.name)) return;
    const auto name = reader.get<std::string>(field.name);
    const auto found = std::find(choice.names.begin(), choice.names.end(), name);
    check(found != choice.names.end(), list.where(), "'", field.name, "' is '", name,
          "'; one of: ", listed(choice.names, ", "));
    *choice.value = choice.values[static_cast<size_t>(found - choice.names.begin())];
  }
  void operator()(const Field& field, const std::shared_ptr<FieldList>& part) const {
    if (reader.has(field.name)) read_fields(*part, reader.get<nlohmann::json>(field.name));
  }
  void operator()(const Field& field, const std::shared_ptr<FieldValue>& value) const {
    if (reader.has(field.name))
      value->read(reader.get<nlohmann::json>(field.name), list.where() + ", " + field.name);
  }
};

/// A field's value as JSON.
struct FieldWriter {
  const Field& field;
  nlohmann::json operator()(const Field::Choice& choice) const {
    const auto found = std::find(choice.values.begin(), choice.values.end(), *choice.value);
    check(found != choice.values.end(), "fields", "'", field.name, "' has none of the values ",
          listed(choice.names, ", "));
    return choice.names[static_cast<size_t>(found - choice.values.begin())];
  }
  nlohmann::json operator()(const std::shared_ptr<FieldList>& part) const { return write_fields(*part); }
  nlohmann::json operator()(const std::shared_ptr<FieldValue>& value) const {
    nlohmann::json json;
    value->write(json);
    return json;
  }
  nlohmann::json operator()(const float* value) const { return *value * field.scale; }
  template <class T>
  nlohmann::json operator()(const T* value) const {
    return *value;
  }
};

}  // namespace detail

T2UE_INLINE const Field* FieldList::find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

T2UE_INLINE void read_fields(const FieldList& list, const nlohmann::json& json) {
  const nlohmann::json present = with_present_names(json, list.scope());
  JsonReader reader(present, list.where());
  const detail::FieldReader read{list, reader};
  for (const Field& field : list.fields()) {
    // Asking for it makes the name known; what is required and absent is refused here.
    if (field.required || !reader.has(field.name)) reader.get<nlohmann::json>(field.name, {});
    check(!field.required || reader.has(field.name), list.where(), "'", field.name, "' is missing");
    std::visit([&](const auto& target) { read(field, target); }, field.target);
  }
  reader.done();
  list.validate();
}

T2UE_INLINE nlohmann::json value_of(const Field& field) {
  return std::visit(detail::FieldWriter{field}, field.target);
}

T2UE_INLINE nlohmann::json write_fields(const FieldList& list) {
  nlohmann::json json = nlohmann::json::object();
  for (const Field& field : list.fields())
    if (!field.left_out) json[field.name] = value_of(field);
  return json;
}

T2UE_INLINE nlohmann::json json_of_text(const Field& field, const std::string& text) {
  if (std::holds_alternative<std::string*>(field.target) ||
      std::holds_alternative<Field::Choice>(field.target))
    return text;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false), now = value_of(field);
  const bool fits = now.is_number_integer() ? json.is_number_integer()
                    : now.is_number()       ? json.is_number()
                                            : json.type() == now.type();
  return fits ? json : nlohmann::json(nlohmann::json::value_t::discarded);
}

T2UE_INLINE std::string help_of(const Field& field) {
  std::string values;
  if (const auto* choice = std::get_if<Field::Choice>(&field.target))
    values = ": " + detail::listed(choice->names, " or ");
  else if (field.range && field.range->high < detail::unlimited)
    // A float's own digits: 0.01, not what it is as a double.
    values = concat(", ", field.range->low, "..", field.range->high);
  else if (field.range && field.range->low > 0)
    values = concat(", at least ", field.range->low);
  const size_t end = std::min(field.help.find(';'), field.help.size());
  return field.help.substr(0, end) + values + field.help.substr(end);
}

T2UE_INLINE std::string text_of(const Field& field) {
  const nlohmann::json value = value_of(field);
  if (value.is_string()) return value.get<std::string>();
  // A float's own digits: 0.001, not what it is as a double.
  return value.is_number_float() ? concat(value.get<float>()) : value.dump();
}

}  // namespace t2ue
