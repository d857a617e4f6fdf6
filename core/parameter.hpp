// A named tensor that a module owns: trained (a weight) or carried along (a running statistic).
#pragma once

#include <string>

#include <t2ue/core/kinds.hpp>
#include <t2ue/core/tensor.hpp>

namespace t2ue {

/// How a parameter starts.
struct Init {
  enum class Kind : uint8_t { constant, normal, uniform } kind = Kind::constant;
  float scale = 0.0f;  ///< the constant, the standard deviation, or the bound of U(-scale, scale)

  static Init zeros() { return {}; }
  static Init ones() { return {Kind::constant, 1.0f}; }
  static Init constant(float value) { return {Kind::constant, value}; }
  static Init normal(float deviation) { return {Kind::normal, deviation}; }
  static Init uniform(float bound) { return {Kind::uniform, bound}; }
};

/// A module's tensor. `value` and `grad` (f32) are set when a ParameterSet lays the module out in memory, and
/// `shadow`, the value rounded to bf16, where the set was made for bf16 and the parameter is trained.
struct Parameter {
  Parameter() = default;
  Parameter(const Shape& shape_, Init init_, bool trained_ = true)
      : shape(shape_), init(init_), trained(trained_) {}
  /// A running statistic: saved with the module, never trained.
  static Parameter buffer(const Shape& shape, Init init) { return {shape, init, false}; }

  Shape shape;
  /// Where set, what steps in bf16 see instead of `shape`: a dimension rounded up for tensor cores, so that
  /// in memory zeros follow. Whoever sets it sees to it that their gradients are zero.
  Shape padded_shape;
  Init init;
  bool trained = true;
  /// Kept as it is though it lies among the trained ones: graphs take it as a constant, and it does not
  /// decay. Its gradient stays zero.
  bool frozen = false;
  std::string name;
  Tensor value, grad, shadow;
  /// The same memory under `padded_shape`, where that is set and the set was made for bf16.
  struct {
    Tensor value, grad, shadow;
  } padded;

  /// Whether steps of that precision see `padded_shape`.
  bool is_padded(Precision precision) const {
    return precision == Precision::bf16 && padded_shape.rank() > 0;
  }
};

}  // namespace t2ue
