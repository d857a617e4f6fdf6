#pragma once

#include <t2ue/core/ops/add.hpp>

namespace t2ue {

T2UE_INLINE Var cast(const Var& x, DType type) {
  if (x.dtype() == type) return x;
  const auto floats = [](DType t) { return t == DType::f32 || t == DType::bf16; };
  check(floats(x.dtype()) && floats(type), "cast", "casts f32 and bf16, got ", name_of(x.dtype()), " to ",
        name_of(type));
  Graph& g = x.graph();
  const Var y = g.value(x.shape(), type);
  CastArgs args{.x = x, .y = {}};
  static_cast<View&>(args.y) = y;
  g.launch(args);
  g.differentiate({y}, {x}, [=, &g] { g.launch(CastArgs{g.grad_of(y), g.grad(x)}); });
  return y;
}

namespace detail {

T2UE_INLINE void add_gradient(Graph& g, const View& dy, const Var& x, float alpha) {
  const GradView dx = g.grad(x);
  check(dx.dtype == dy.dtype, "add", "the gradient of a parameter is f32 and that of its sum ",
        name_of(dy.dtype), "; cast the parameter first");
  g.launch(AddArgs{.a = dy, .b = {}, .y = dx, .alpha = alpha});
}

}  // namespace detail

T2UE_INLINE Var add(const Var& a, const Var& b, float alpha, float beta) {
  check(a.shape() == b.shape(), "add", "shapes differ: ", a.shape(), " and ", b.shape());
  check_types("add", a, {b});
  Graph& g = a.graph();
  const Var y = g.value(a.shape(), a.dtype());
  AddArgs args{.a = a, .b = b, .y = {}, .alpha = alpha, .beta = beta};
  static_cast<View&>(args.y) = y;
  g.launch(args);
  g.differentiate({y}, {a, b}, [=, &g] {
    const View dy = g.grad_of(y);
    // b first: when a can take over dy's buffer, nothing may still read dy afterwards.
    if (g.requires_grad(b)) detail::add_gradient(g, dy, b, beta);
    if (g.requires_grad(a) && !(alpha == 1.0f && g.share_grad(y, a))) detail::add_gradient(g, dy, a, alpha);
  });
  return y;
}

T2UE_INLINE Var residual_scale(const Var& a, const Var& b, const Var& gain, int up) {
  const Shape &as = a.shape(), &bs = b.shape();
  check(as.rank() == 4 && bs == Shape({as[0], as[1] * up, as[2] * up, as[3]}) && gain.shape() == Shape{1},
        "residual_scale", "expected a [N,h,w,C], b [N,h*", up, ",w*", up, ",C], gain [1], got ", as, ", ", bs,
        ", ", gain.shape());
  check_types("residual_scale", a, {b}, {gain});
  Graph& g = a.graph();
  const Var y = g.value(bs, a.dtype());
  g.launch(ResidualScaleArgs{a, b, gain, y, up});
  g.differentiate({y}, {a, b, gain}, [=, &g] {
    g.launch(ResidualScaleGradArgs{b, gain, g.grad_of(y), g.grad(a), g.grad(b), g.grad(gain), up});
  });
  return y;
}

}  // namespace t2ue
