// Point-wise non-linearities.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>

namespace t2ue {

namespace detail {
/// Whether an activation's gradient is computed from its input; the others' from their output.
constexpr bool gradient_reads_input(Activation activation) {
  return activation == Activation::gelu || activation == Activation::quick_gelu;
}
/// Whether an activation's gradient follows from the sign of its output.
constexpr bool is_relu_like(Activation activation) {
  return activation == Activation::none || activation == Activation::relu ||
         activation == Activation::leaky_relu;
}
}  // namespace detail

/// activation(x), any shape.
Var activate(const Var& x, Activation activation);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/ops/activation.inl.hpp>
#endif
