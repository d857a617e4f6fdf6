#pragma once

#include <t2ue/core/ops/augment.hpp>

namespace t2ue {

T2UE_INLINE Var augment(const Var& x, const Var& counter, const AugmentOptions& options) {
  check(x.shape().rank() == 4 && x.shape()[3] == 3 && counter.dtype() == DType::i32 &&
            counter.shape() == Shape{1},
        "augment", "expected x [N,H,W,3] and counter i32 [1], got ", x.shape(), " and ", counter.shape());
  check_augment_options("augment", options);
  Graph& g = x.graph();
  const Shape& s = x.shape();
  const Var y = g.value(s, x.dtype());
  const bool masked = options.changes_colours() || options.cutout > 0;
  const Var kept = masked && g.requires_grad(x) ? g.value({s[0], s[1], s[2]}, DType::u8) : Var{};
  g.launch(AugmentArgs{x, counter, y, kept, options});
  g.differentiate({y}, {x}, [=, &g] {
    g.launch(AugmentGradArgs{counter, kept, g.grad_of(y), g.grad(x), options});
  });
  return y;
}

}  // namespace t2ue
