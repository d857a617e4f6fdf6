#pragma once

#include <t2ue/core/ops/losses.hpp>

namespace t2ue {

T2UE_INLINE Var l2_normalize(const Var& x) {
  check(x.shape().rank() == 2, "l2_normalize", "expected x [M,C], got ", x.shape());
  Graph& g = x.graph();
  const Var y = g.value(x.shape()), inv_norm = g.value({x.shape()[0]});
  g.launch(L2NormalizeArgs{x, y, inv_norm});
  g.differentiate({y}, {x}, [=, &g] { g.launch(L2NormalizeGradArgs{y, inv_norm, g.grad_of(y), g.grad(x)}); });
  return y;
}

T2UE_INLINE Var cross_entropy(const Var& logits, const Var& labels, const Mixture& mix) {
  check(logits.shape().rank() == 2 && labels.dtype() == DType::i32 &&
            labels.shape() == Shape{logits.shape()[0]},
        "cross_entropy", "expected logits [B,K] and labels i32 [B], got ", logits.shape(), " and ",
        labels.shape());
  if (mix.share || mix.shift) check_mixture("cross_entropy", mix);
  Graph& g = logits.graph();
  const Var lse = g.value({logits.shape()[0]}), loss = g.value({1});
  g.launch(CrossEntropyArgs{logits, labels, mix.share, mix.shift, lse, loss});
  g.differentiate({loss}, {logits}, [=, &g] {
    g.launch(
        CrossEntropyGradArgs{logits, labels, mix.share, mix.shift, lse, g.grad_of(loss), g.grad(logits)});
  });
  return loss;
}

}  // namespace t2ue
