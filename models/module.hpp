// Modules are plain structs with one `visit(f)` that lists their members by name: f("weight", weight).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/launch.hpp>
#include <t2ue/core/parameter.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/sha256.hpp>

namespace t2ue {

/// Calls f(name, Parameter&) for every parameter and buffer, names joined by dots, in the order of `visit`.
/// Members may be parameters, modules, vectors and optionals of modules.
template <class Module, class F>
void for_each_parameter(Module& module, F&& f, const std::string& prefix = "");

namespace detail {
template <class Member, class F>
void visit_member(const std::string& name, Member& member, F& f) {
  if constexpr (std::is_same_v<Member, Parameter>) {
    if (member.shape.rank() > 0) f(name, member);
  } else if constexpr (requires { member.has_value(); }) {
    if (member) visit_member(name, *member, f);
  } else if constexpr (requires {
                         member.size();
                         member[0];
                       }) {
    for (size_t i = 0; i < member.size(); ++i) visit_member(name + "." + std::to_string(i), member[i], f);
  } else {
    for_each_parameter(member, f, name + ".");
  }
}
}  // namespace detail

template <class Module, class F>
void for_each_parameter(Module& module, F&& f, const std::string& prefix) {
  module.visit([&](std::string_view name, auto& member) {
    detail::visit_member(prefix + std::string(name), member, f);
  });
}

/// What a set of parameters is for: only training needs memory for gradients.
enum class ParameterUse : uint8_t { training, inference };

/// A module's parameters laid out in memory: trained ones and their gradients in two flat arenas (so that an
/// optimiser is one kernel), buffers in a third, and in bf16 a rounded copy of the trained ones in a fourth.
/// Every parameter starts on a 64-byte boundary; padding and gaps are zero.
class ParameterSet {
 public:
  /// Names, allocates and initialises the parameters; each one's numbers depend on (seed, its name) only.
  /// The module must not be moved while the set is used. bf16: what graphs of that precision need is kept
  /// too. For inference there are no gradients, and graphs take the parameters under `NoGrad` only.
  template <class Module>
  ParameterSet(Module& module, uint64_t seed, Device device = {}, Precision precision = Precision::fp32,
               ParameterUse use = ParameterUse::training)
      : device_(device) {
    check_precision(backend_of(device), precision);
    for_each_parameter(module, [&](const std::string& name, Parameter& parameter) {
      parameter.name = name;
      all_.push_back(&parameter);
    });
    lay_out(precision, use);
    initialise(seed);
  }

  /// Draws the trained parameters anew and resets the buffers: a fresh start for bi-level surrogates.
  void initialise(uint64_t seed);

  /// Rounds the values to bf16 anew: to be called after writing to them from outside a step. Nothing where no
  /// shadows are kept.
  void refresh_shadows();

  /// Copies the numbers of `from`, which may have more parameters than these, and lie on another device;
  /// those of `but` stay as they are. Error naming a parameter that it lacks or has in another shape.
  void copy_from(const ParameterSet& from, const std::set<const Parameter*>& but = {});

  const std::vector<Parameter*>& all() const { return all_; }
  const std::vector<Parameter*>& trained() const { return trained_; }
  /// Flat [P] arenas of the trained parameters, padding and gaps included; without gradients for inference.
  const Tensor& values() const { return values_; }
  const Tensor& grads() const { return grads_; }
  const Tensor& buffers() const { return buffers_; }
  /// The values rounded to bf16, [P]; absent unless made for bf16.
  const Tensor& shadows() const { return shadows_; }
  /// Offset of each trained parameter in the arenas, and the arenas' size at the end.
  const std::vector<int32_t>& offsets() const { return offsets_; }
  /// The number of trained parameters, without padding.
  int64_t count() const;
  /// SHA-256 over names, shapes and numbers, buffers included: which weights these are, in whatever file they
  /// came.
  std::string sha256() const;
  Device device() const { return device_; }

 private:
  /// How many elements a parameter takes, the gap behind it included.
  static int64_t extent(const Parameter& parameter, Precision precision);

  static uint64_t name_item(const std::string& name);

  void lay_out(Precision precision, ParameterUse use);

  Device device_;
  std::vector<Parameter*> all_, trained_;
  std::vector<int32_t> offsets_;
  Tensor values_, grads_, buffers_, shadows_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/module.inl.hpp>
#endif
