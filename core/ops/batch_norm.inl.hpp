#pragma once

#include <t2ue/core/ops/batch_norm.hpp>

namespace t2ue {

T2UE_INLINE Var batch_norm(const Var& x, const Var& scale, const Var& shift, const Var& running_mean,
                           const Var& running_var, Activation activation, const Var& residual, float eps,
                           float momentum) {
  const Shape channels{x.shape().back()};
  for (const Var& v : {scale, shift, running_mean, running_var})
    check(!v || v.shape() == channels, "batch_norm", "expected per-channel tensors ", channels, ", got ",
          v.shape());
  check(!residual || residual.shape() == x.shape(), "batch_norm", "residual ", residual.shape(),
        " does not match x ", x.shape());
  check(detail::is_relu_like(activation), "batch_norm", "activation ", name_of(activation),
        " is not fused; use none, relu or leaky_relu");
  check_types("batch_norm", x, {residual}, {scale, shift, running_mean, running_var});
  Graph& g = x.graph();
  const bool training = g.training();
  check(!training || x.shape().rows() > 1, "batch_norm", "batch statistics need more than one row, x is ",
        x.shape());
  const Var mean = g.value(channels), inv_std = g.value(channels), y = g.value(x.shape(), x.dtype());
  g.launch(BatchNormArgs{x, scale, shift, residual, running_mean, running_var, mean, inv_std, y, activation,
                         training, eps, momentum});
  g.differentiate({y}, {x, scale, shift, residual}, [=, &g] {
    g.launch(BatchNormGradArgs{x, scale, mean, inv_std, y, g.grad_of(y), g.grad(x), g.grad(scale),
                               g.grad(shift), g.grad(residual), activation, training});
  });
  return y;
}

}  // namespace t2ue
