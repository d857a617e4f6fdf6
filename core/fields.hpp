// The fields of a configuration, listed once beside its members, as modules list their parameters in `visit`:
//
//   struct Recipe {
//     int epochs = 16;
//     float mixup_alpha = 0;
//     void fields(FieldList& f) {
//       f("epochs", epochs, in_range(1, 100'000), "Passes over the pictures");
//       f("mixup_alpha", mixup_alpha, in_range(0, 100), "Share of mixup; 0: off").left_out_if(mixup_alpha ==
//       0);
//     }
//     void validate() const;  // where fields depend on each other; called after reading
//   };
//
// JSON in and out, plans, flags, their help and defaults, and the errors for a bad value follow from that
// list.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>

namespace t2ue {

class FieldList;

/// What a number may be, both ends included; of a list, each of its numbers.
struct FieldRange {
  double low = 0, high = 0;
};
template <class Low, class High>
constexpr FieldRange in_range(Low low, High high) {
  return {static_cast<double>(low), static_cast<double>(high)};
}

/// Those of an enumeration's values that a field may have.
template <class Kind>
struct FieldChoices {
  std::vector<Kind> values;
};
template <class Kind>
FieldChoices<Kind> one_of(Kind first, std::same_as<Kind> auto... others) {
  return {{first, others...}};
}

/// A field of a kind that is not listed in Field::Target: how JSON gets into it and out of it.
class FieldValue {
 public:
  virtual ~FieldValue() = default;
  /// Error beginning with `where`, which names the field, for what does not fit.
  virtual void read(const nlohmann::json& json, const std::string& where) = 0;
  virtual void write(nlohmann::json& json) const = 0;
};

/// One field, and where its value lies.
struct Field {
  /// A value of an enumeration, by name.
  struct Choice {
    uint8_t* value = nullptr;
    std::vector<uint8_t> values;
    std::vector<std::string_view> names;  ///< of those
  };
  using Target =
      std::variant<bool*, int*, int64_t*, uint64_t*, float*, double*, std::string*, Choice, std::vector<int>*,
                   std::vector<int64_t>*, std::vector<uint64_t>*, std::vector<double>*,
                   std::vector<std::string>*, std::shared_ptr<FieldList>, std::shared_ptr<FieldValue>>;

  std::string name, help;
  Target target;
  std::optional<FieldRange> range;
  bool left_out = false, required = false;
  float scale = 1;  ///< of a float: the JSON has so many times the value, and the range is of that

  /// Keeps the field out of the JSON now. Fields that came later are left out where they are off, so that
  /// hashes of what was made before stay.
  Field& left_out_if(bool off) {
    left_out = off;
    return *this;
  }
  Field& scaled_by(float factor) {
    scale = factor;
    return *this;
  }
  /// The field has no default: Error where the JSON lacks it.
  Field& must_be_given() {
    required = true;
    return *this;
  }
};

/// The fields of one configuration. It points into the configuration, which must outlive it unmoved.
class FieldList {
 public:
  /// `where` begins the errors and is the fields' scope in the table of renames.
  explicit FieldList(std::string where) : where_(std::move(where)), scope_(where_) {}
  FieldList(std::string where, std::string scope) : where_(std::move(where)), scope_(std::move(scope)) {}

  /// Truth, number, text, list, value of an enumeration, configuration with fields of its own (an object in
  /// JSON), or shared FieldValue.
  template <class T>
  Field& operator()(std::string name, T& value, std::string help) {
    Field::Target target = target_of(name, value);
    return add(std::move(name), std::move(target), {}, std::move(help));
  }
  Field& operator()(std::string name, std::shared_ptr<FieldValue> value, std::string help) {
    return add(std::move(name), std::move(value), {}, std::move(help));
  }
  template <class T>
  Field& operator()(std::string name, T& number, FieldRange range, std::string help) {
    return add(std::move(name), &number, range, std::move(help));
  }
  template <class Kind>
  Field& operator()(std::string name, Kind& kind, const FieldChoices<Kind>& choices, std::string help) {
    return add(std::move(name), choice_of(kind, choices), {}, std::move(help));
  }
  /// What is called once all fields are read: Error for values that do not go together.
  void check_with(std::function<void()> validate) { validate_ = std::move(validate); }

  const std::string& where() const { return where_; }
  const std::string& scope() const { return scope_; }
  const std::vector<Field>& fields() const { return fields_; }
  /// Null if there is none of that name.
  const Field* find(std::string_view name) const;
  void validate() const {
    if (validate_) validate_();
  }

 private:
  template <class Kind>
  static Field::Choice choice_of(Kind& kind, const FieldChoices<Kind>& choices) {
    static_assert(sizeof(Kind) == 1, "an enumeration of fields is a uint8_t");
    Field::Choice choice{reinterpret_cast<uint8_t*>(&kind), {}, {}};
    for (const Kind value : choices.values) {
      choice.values.push_back(static_cast<uint8_t>(value));
      choice.names.push_back(name_of(value));
    }
    return choice;
  }
  template <class T>
  Field::Target target_of(const std::string& name, T& value) {
    if constexpr (std::is_enum_v<T>) {
      FieldChoices<T> all;
      for (size_t i = 0; i < detail::KindNames<T>::names.size(); ++i) all.values.push_back(static_cast<T>(i));
      return choice_of(value, all);
    } else if constexpr (requires(FieldList & f) { value.fields(f); }) {
      const auto part = std::make_shared<FieldList>(where_ + ", " + name, name);
      value.fields(*part);
      if constexpr (requires { value.validate(); }) part->check_with([&value] { value.validate(); });
      return part;
    } else if constexpr (std::is_convertible_v<T&, std::shared_ptr<FieldValue>>) {
      return std::shared_ptr<FieldValue>(value);
    } else {
      return &value;
    }
  }
  Field& add(std::string name, Field::Target target, std::optional<FieldRange> range, std::string help) {
    fields_.push_back({std::move(name), std::move(help), std::move(target), range});
    return fields_.back();
  }

  std::string where_, scope_;
  std::vector<Field> fields_;
  std::function<void()> validate_;
};

/// The fields of a configuration; `where` begins the errors.
template <class T>
FieldList fields_of(T& value, std::string where) {
  FieldList list(std::move(where));
  value.fields(list);
  if constexpr (requires { value.validate(); }) list.check_with([&value] { value.validate(); });
  return list;
}

/// Sets what an object has; what it lacks stays as it is. Names of before are read (renames.hpp). Error
/// naming key and value for an unknown key, a value of another type, out of range or of no known name, and
/// from validate().
void read_fields(const FieldList& list, const nlohmann::json& json);
/// All fields that are not left out, under their present names.
nlohmann::json write_fields(const FieldList& list);

/// `value` with what the object says; Error as from read_fields().
template <class T>
T with_json(T value, const nlohmann::json& json, std::string where) {
  read_fields(fields_of(value, std::move(where)), json);
  return value;
}

/// A field's value as JSON, also of one that is left out.
nlohmann::json value_of(const Field& field);
/// A text from the command line as the field's JSON; discarded if it is no value of the field's type.
nlohmann::json json_of_text(const Field& field, const std::string& text);
/// "Learning rate, 0..100", "Update rule: adamw, adam or sgd": the help with what values there are. They
/// come before a semicolon of the help.
std::string help_of(const Field& field);
/// The field's value as people write it: 0.001, adamw, true.
std::string text_of(const Field& field);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/fields.inl.hpp>
#endif
