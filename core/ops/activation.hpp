// Point-wise non-linearities.
#pragma once

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
inline Var activate(const Var& x, Activation activation) {
  Graph& g = x.graph();
  const Var y = g.value(x.shape(), x.dtype());
  g.launch(ActivationArgs{x, y, activation});
  g.differentiate({y}, {x}, [=, &g] {
    const Var saved = detail::gradient_reads_input(activation) ? x : y;
    g.launch(ActivationGradArgs{saved, g.grad_of(y), g.grad(x), activation});
  });
  return y;
}

}  // namespace t2ue
