#pragma once

#include <t2ue/core/ops/class_separability.hpp>

namespace t2ue {

T2UE_INLINE Var class_separability(const Var& x, const Var& labels, int64_t classes) {
  check(x.shape().rank() == 2 && labels.dtype() == DType::i32 && labels.shape() == Shape{x.shape()[0]} &&
            classes >= 1,
        "class_separability", "expected x [B,V], labels i32 [B] and classes, got ", x.shape(), ", ",
        labels.shape(), " and ", classes);
  check(x.dtype() == DType::f32, "class_separability", "takes f32, got ", name_of(x.dtype()));
  Graph& g = x.graph();
  const int64_t batch = x.shape()[0];
  const Var gram = linear(x, x);
  const Var count = g.value({classes}), sums = g.value({batch, classes}), dots = g.value({classes, classes}),
            radius = g.value({batch}), spread = g.value({classes}), loss = g.value({1});
  g.launch(ClassSeparabilityArgs{gram, labels, count, sums, dots, radius, spread, loss});
  g.differentiate({loss}, {gram}, [=, &g] {
    g.launch(ClassSeparabilityGradArgs{labels, count, dots, radius, spread, g.grad_of(loss), g.value({batch}),
                                       g.value({classes, classes}), g.grad(gram)});
  });
  return loss;
}

}  // namespace t2ue
