#pragma once

#include <t2ue/core/ops/activation.hpp>

namespace t2ue {

T2UE_INLINE Var activate(const Var& x, Activation activation) {
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
