// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/graph.hpp>

namespace t2ue {

/// How a batch of N is mixed: item n keeps `share` of itself and gets the rest from item (n + shift) mod N.
/// share f32 [1] in [0,1], shift i32 [1], any whole number; both are read anew at every run. A shift that is
/// no multiple of N gives everybody another partner, and nobody the same.
struct Mixture {
  Var share, shift;
};

/// Error naming `where` for a mixture of other shapes or types, or one that is trained.
inline void check_mixture(const char* where, const Mixture& mix) {
  check(mix.share && mix.shift && mix.share.shape() == Shape{1} && mix.share.dtype() == DType::f32 &&
            mix.shift.shape() == Shape{1} && mix.shift.dtype() == DType::i32,
        where, "expected share f32 [1] and shift i32 [1], got ", mix.share ? mix.share.shape() : Shape{},
        " and ", mix.shift ? mix.shift.shape() : Shape{});
  check(!mix.share.graph().requires_grad(mix.share), where, "the share is data, it has no gradient");
}

/// share*x[n] + (1-share)*x[(n+shift) mod N] (Zhang et al., "mixup", 2018) for x [N,..]. The labels are mixed
/// by giving `cross_entropy` the same mixture.
inline Var mixup(const Var& x, const Mixture& mix) {
  check(x.shape().rank() >= 1, "mixup", "expected x [N,..], got ", x.shape());
  check_mixture("mixup", mix);
  Graph& g = x.graph();
  const Var y = g.value(x.shape(), x.dtype());
  MixupArgs args{.x = x, .share = mix.share, .shift = mix.shift, .y = {}};
  static_cast<View&>(args.y) = y;
  g.launch("mixup", &Kernels::mixup, args);
  g.differentiate({y}, {x}, [=, &g] {
    g.launch("mixup_grad", &Kernels::mixup, MixupArgs{g.grad_of(y), mix.share, mix.shift, g.grad(x), true});
  });
  return y;
}

}  // namespace t2ue
