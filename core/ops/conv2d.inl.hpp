#pragma once

#include <t2ue/core/ops/conv2d.hpp>

namespace t2ue {

T2UE_INLINE Var conv2d(const Var& x, const Var& w, const Var& b, int stride, int pad) {
  const Shape &xs = x.shape(), &ws = w.shape();
  check(xs.rank() == 4 && ws.rank() == 4 && xs[3] == ws[3], "conv2d",
        "expected x [N,H,W,C] and w [K,R,S,C], got x ", xs, " and w ", ws);
  check(!b || b.shape() == Shape{ws[0]}, "conv2d", "expected b [", ws[0], "], got ", b.shape());
  check(stride >= 1 && pad >= 0, "conv2d", "stride must be positive and pad not negative, got ", stride,
        " and ", pad);
  const int64_t padding = 2 * int64_t{pad};
  check(xs[1] + padding >= ws[1] && xs[2] + padding >= ws[2], "conv2d", "the window ", ws,
        " is larger than the padded picture ", xs);
  check_types("conv2d", x, {w}, {b});
  Graph& g = x.graph();
  const Shape shape{xs[0], (xs[1] + padding - ws[1]) / stride + 1, (xs[2] + padding - ws[2]) / stride + 1,
                    ws[0]};
  const Var y = g.value(shape, x.dtype());
  g.launch(Conv2dArgs{x, w, b, y, stride, pad});
  g.differentiate({y}, {x, w, b}, [=, &g] {
    g.launch(Conv2dGradArgs{x, w, g.grad_of(y), g.grad(x), g.grad(w), g.grad(b), stride, pad});
  });
  return y;
}

}  // namespace t2ue
