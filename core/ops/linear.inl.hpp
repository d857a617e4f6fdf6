#pragma once

#include <t2ue/core/ops/linear.hpp>

namespace t2ue {

T2UE_INLINE Var linear(const Var& x, const Var& w, const Var& b, Activation activation) {
  check(w.shape().rank() == 2 && x.shape().rank() >= 1 && x.shape().back() == w.shape()[1], "linear",
        "expected x [..,K] and w [N,K], got x ", x.shape(), " and w ", w.shape());
  check(!b || b.shape() == Shape{w.shape()[0]}, "linear", "expected b [", w.shape()[0], "], got ", b.shape());
  check_types("linear", x, {w}, {b});
  Graph& g = x.graph();
  const int64_t rows = x.shape().rows(), columns = w.shape()[0];
  Shape shape;
  for (int i = 0; i + 1 < x.shape().rank(); ++i) shape.push_back(x.shape()[i]);
  shape.push_back(columns);

  const Var flat = x.reshape({rows, x.shape().back()});
  const Var y = g.value({rows, columns}, x.dtype());
  const Var pre = detail::gradient_reads_input(activation) ? g.value({rows, columns}, x.dtype()) : Var{};
  g.launch(LinearArgs{flat, w, b, y, pre, activation});
  g.differentiate({y}, {x, w, b}, [=, &g] {
    LinearGradArgs a{.x = flat,
                     .w = w,
                     .saved = {},
                     .dy = g.grad_of(y),
                     .dpre = {},
                     .dx = g.grad(flat),
                     .dw = g.grad(w),
                     .db = g.grad(b),
                     .activation = activation};
    if (activation != Activation::none) {
      a.saved = pre ? pre : y;
      a.dpre = g.value({rows, columns}, flat.dtype());
    }
    g.launch(a);
  });
  return y.reshape(shape);
}

}  // namespace t2ue
