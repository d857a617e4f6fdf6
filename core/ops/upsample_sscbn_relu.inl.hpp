#pragma once

#include <t2ue/core/ops/upsample_sscbn_relu.hpp>

namespace t2ue {

T2UE_INLINE Var upsample_sscbn_relu(const Var& x, const Var& gamma, const Var& beta, const Var& mask,
                                    const Var& running_mean, const Var& running_var, int up, float eps,
                                    float momentum) {
  const Shape& s = x.shape();
  const Shape channels{s.back()};
  check(s.rank() == 4 && up >= 1 && gamma.shape() == Shape({s[0], s[3]}) && beta.shape() == gamma.shape() &&
            mask.shape() == Shape({s[0], s[1] * up, s[2] * up, 1}),
        "upsample_sscbn_relu", "expected x [N,h,w,C], gamma and beta [N,C], mask [N,h*up,w*up,1] with up ",
        up, ", got ", s, ", ", gamma.shape(), ", ", beta.shape(), ", ", mask.shape());
  check(running_mean.shape() == channels && running_var.shape() == channels, "upsample_sscbn_relu",
        "expected running statistics ", channels, ", got ", running_mean.shape(), " and ",
        running_var.shape());
  check_types("upsample_sscbn_relu", x, {gamma, beta, mask}, {running_mean, running_var});
  Graph& g = x.graph();
  const bool training = g.training();
  check(!training || s.rows() > 1, "upsample_sscbn_relu", "batch statistics need more than one pixel, x is ",
        s);
  const Var mean = g.value(channels), inv_std = g.value(channels),
            y = g.value({s[0], s[1] * up, s[2] * up, s[3]}, x.dtype());
  g.launch(UpsampleSscbnReluArgs{x, gamma, beta, mask, running_mean, running_var, mean, inv_std, y, up,
                                 training, eps, momentum});
  g.differentiate({y}, {x, gamma, beta, mask}, [=, &g] {
    g.launch(UpsampleSscbnReluGradArgs{x, gamma, beta, mask, mean, inv_std, y, g.grad_of(y),
                                       g.value(s, x.dtype()), g.grad(x), g.grad(gamma), g.grad(beta),
                                       g.grad(mask), up, training});
  });
  return y;
}

}  // namespace t2ue
