#pragma once

#include <t2ue/core/ops/pool.hpp>

namespace t2ue {

T2UE_INLINE Var pool2d(const Var& x, Pooling kind, int size, int stride, int pad, PoolEnd end) {
  const Shape& s = x.shape();
  const int64_t padding = 2 * int64_t{pad};
  check(s.rank() == 4 && size >= 1 && stride >= 1 && pad >= 0 && padding <= size, "pool2d",
        "expected x [N,H,W,C], a positive window and pad <= size/2, got ", s, ", size ", size, ", stride ",
        stride, ", pad ", pad);
  check(s[1] + padding >= size && s[2] + padding >= size, "pool2d", "window ", size, " is larger than ", s);
  Graph& g = x.graph();
  const auto windows = [&](int64_t extent) {
    const int64_t room = extent + padding - size;
    // A window more, unless it began behind the last pixel.
    const bool more = end == PoolEnd::cut && room % stride > 0 && (room / stride + 1) * stride - pad < extent;
    return room / stride + (more ? 2 : 1);
  };
  const Shape shape{s[0], windows(s[1]), windows(s[2]), s[3]};
  const Var y = g.value(shape, x.dtype());
  g.launch(Pool2dArgs{x, y, kind, size, stride, pad});
  g.differentiate({y}, {x}, [=, &g] {
    g.launch(Pool2dGradArgs{x, g.grad_of(y), g.grad(x), kind, size, stride, pad});
  });
  return y;
}

T2UE_INLINE Var mean_pool(const Var& x) {
  const Shape& s = x.shape();
  if (s.rank() == 4) return mean_pool(x.reshape({s[0], s[1] * s[2], s[3]}));
  check(s.rank() == 3, "mean_pool", "expected x [N,T,C] or [N,H,W,C], got ", s);
  Graph& g = x.graph();
  const Var y = g.value({s[0], s[2]}, x.dtype());
  g.launch(MeanPoolArgs{x, y});
  g.differentiate({y}, {x}, [=, &g] { g.launch(MeanPoolGradArgs{g.grad_of(y), g.grad(x)}); });
  return y;
}

}  // namespace t2ue
