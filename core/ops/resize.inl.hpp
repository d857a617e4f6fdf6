#pragma once

#include <t2ue/core/ops/resize.hpp>

namespace t2ue {

T2UE_INLINE Var mask_sigmoid(const Var& x, int64_t height, int64_t width) {
  const Shape& s = x.shape();
  check(s.rank() == 4 && s[3] == 1 && height >= 1 && width >= 1, "mask_sigmoid",
        "expected x [N,h,w,1] and a positive size, got ", s, " to ", height, "x", width);
  Graph& g = x.graph();
  const Var y = g.value({s[0], height, width, 1}, x.dtype());
  g.launch(MaskSigmoidArgs{x, y});
  g.differentiate({y}, {x}, [=, &g] { g.launch(MaskSigmoidGradArgs{y, g.grad_of(y), g.grad(x)}); });
  return y;
}

T2UE_INLINE Var resize(const Var& x, int64_t height, int64_t width, Resampler resampler) {
  const Shape& s = x.shape();
  check(s.rank() == 4 && height >= 1 && width >= 1, "resize",
        "expected x [N,h,w,C] and a positive size, got ", s, " to ", height, "x", width);
  Graph& g = x.graph();
  const Var y = g.value({s[0], height, width, s[3]}, x.dtype());
  g.launch(ResizeArgs{x, y, resampler});
  g.differentiate({y}, {x}, [=, &g] { g.launch(ResizeGradArgs{g.grad_of(y), g.grad(x), resampler}); });
  return y;
}

}  // namespace t2ue
