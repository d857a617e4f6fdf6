// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/graph.hpp>

namespace t2ue {

/// How a batch of N is mixed: item n keeps `share` of itself and gets the rest from item (n + shift) mod N.
/// share f32 [1] in [0,1], shift i32 [1], any whole number; both are read anew at every run. A shift that is
/// no multiple of N gives everybody another partner, and nobody the same. With a box i32 [4] = {top, bottom,
/// left, right} pixels are cut and not blended: rows [top, bottom) x columns [left, right) come from the
/// partner, and share, the part of the area outside, mixes the labels only.
struct Mixture {
  Var share, shift, box = {};
};

/// Error naming `where` for a mixture of other shapes or types, or one that is trained.
inline void check_mixture(const char* where, const Mixture& mix) {
  check(mix.share && mix.shift && mix.share.shape() == Shape{1} && mix.share.dtype() == DType::f32 &&
            mix.shift.shape() == Shape{1} && mix.shift.dtype() == DType::i32,
        where, "expected share f32 [1] and shift i32 [1], got ", mix.share ? mix.share.shape() : Shape{},
        " and ", mix.shift ? mix.shift.shape() : Shape{});
  check(!mix.share.graph().requires_grad(mix.share), where, "the share is data, it has no gradient");
  check(!mix.box || (mix.box.shape() == Shape{4} && mix.box.dtype() == DType::i32), where,
        "expected a box i32 [4], got ", mix.box ? mix.box.shape() : Shape{});
}

/// share*x[n] + (1-share)*x[(n+shift) mod N] (Zhang et al., "mixup", 2018) for x [N,..]. The labels are mixed
/// by giving `cross_entropy` the same mixture. With a box: CutMix (Yun et al., 2019) for x [N,H,W,C].
inline Var mixup(const Var& x, const Mixture& mix) {
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
