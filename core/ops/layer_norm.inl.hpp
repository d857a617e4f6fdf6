#pragma once

#include <t2ue/core/ops/layer_norm.hpp>

namespace t2ue {

T2UE_INLINE Var layer_norm(const Var& x, const Var& scale, const Var& shift, float eps) {
  const Shape channels{x.shape().back()};
  check(scale.shape() == channels && shift.shape() == channels, "layer_norm", "expected scale and shift ",
        channels, ", got ", scale.shape(), " and ", shift.shape());
  check_types("layer_norm", x, {}, {scale, shift});
  Graph& g = x.graph();
  const Shape rows{x.shape().rows()};
  const Var y = g.value(x.shape(), x.dtype()), mean = g.value(rows), inv_std = g.value(rows);
  g.launch(LayerNormArgs{x, {}, scale, shift, {}, y, mean, inv_std, eps});
  g.differentiate({y}, {x, scale, shift}, [=, &g] {
    g.launch(LayerNormGradArgs{
        x, scale, mean, inv_std, g.grad_of(y), {}, g.grad(x), {}, g.grad(scale), g.grad(shift)});
  });
  return y;
}

T2UE_INLINE std::pair<Var, Var> add_layer_norm(const Var& x, const Var& residual, const Var& scale,
                                               const Var& shift, float eps) {
  check(residual.shape() == x.shape(), "add_layer_norm", "residual ", residual.shape(), " does not match x ",
        x.shape());
  const Shape channels{x.shape().back()};
  check(scale.shape() == channels && shift.shape() == channels, "add_layer_norm", "expected scale and shift ",
        channels, ", got ", scale.shape(), " and ", shift.shape());
  check_types("add_layer_norm", x, {residual}, {scale, shift});
  Graph& g = x.graph();
  const Shape rows{x.shape().rows()};
  const Var sum = g.value(x.shape(), x.dtype()), y = g.value(x.shape(), x.dtype()), mean = g.value(rows),
            inv_std = g.value(rows);
  g.launch(LayerNormArgs{x, residual, scale, shift, sum, y, mean, inv_std, eps});
  g.differentiate({sum, y}, {x, residual, scale, shift}, [=, &g] {
    const View dy = g.grad_of(y), dsum = g.grad_of(sum);
    if (dy) {
      g.launch(LayerNormGradArgs{sum, scale, mean, inv_std, dy, dsum, g.grad(x), g.grad(residual),
                                 g.grad(scale), g.grad(shift)});
      return;
    }
    for (const Var& v : {x, residual})
      if (g.requires_grad(v)) detail::add_gradient(g, dsum, v, 1.0f);
  });
  return {sum, y};
}

}  // namespace t2ue
