#pragma once

#include <t2ue/core/ops/mixup.hpp>

namespace t2ue {

T2UE_INLINE void check_mixture(const char* where, const Mixture& mix) {
  check(mix.share && mix.shift && mix.share.shape() == Shape{1} && mix.share.dtype() == DType::f32 &&
            mix.shift.shape() == Shape{1} && mix.shift.dtype() == DType::i32,
        where, "expected share f32 [1] and shift i32 [1], got ", mix.share ? mix.share.shape() : Shape{},
        " and ", mix.shift ? mix.shift.shape() : Shape{});
  check(!mix.share.graph().requires_grad(mix.share), where, "the share is data, it has no gradient");
  check(!mix.box || (mix.box.shape() == Shape{4} && mix.box.dtype() == DType::i32), where,
        "expected a box i32 [4], got ", mix.box ? mix.box.shape() : Shape{});
}

T2UE_INLINE Var mixup(const Var& x, const Mixture& mix) {
  check(x.shape().rank() >= 1, "mixup", "expected x [N,..], got ", x.shape());
  check_mixture("mixup", mix);
  check(!mix.box || x.shape().rank() == 4, "mixup", "a box cuts x [N,H,W,C], got ", x.shape());
  Graph& g = x.graph();
  const Var y = g.value(x.shape(), x.dtype());
  const Var share = mix.box ? Var{} : mix.share;
  MixupArgs args{.x = x, .share = share, .shift = mix.shift, .y = {}, .box = mix.box};
  static_cast<View&>(args.y) = y;
  g.launch(args);
  g.differentiate({y}, {x}, [=, &g] {
    g.launch(MixupArgs{g.grad_of(y), share, mix.shift, g.grad(x), true, mix.box}, "mixup_grad");
  });
  return y;
}

}  // namespace t2ue
