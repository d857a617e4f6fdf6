// How badly classes of vectors are told apart.
#pragma once

#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/linear.hpp>

namespace t2ue {

/// The mean over ordered pairs of classes that are there of (spread_i + spread_j) / |centre_i - centre_j| for
/// x f32 [B,V] with labels i32 [B] in -1..classes-1, -1 taking no part (ClassSeparabilityArgs has the rest).
/// From the products of all pairs of rows, so that cost and gradient beyond one matrix product are B x B.
/// Centres that coincide count as 1e-6 apart, without a gradient.
inline Var class_separability(const Var& x, const Var& labels, int64_t classes) {
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
