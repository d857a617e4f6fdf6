#pragma once

#include <t2ue/core/ops/perturb.hpp>

namespace t2ue {

T2UE_INLINE Var perturb(const Var& image, const Var& raw, const PerturbOptions& options) {
  check(image || raw, "perturb", "needs a picture, a perturbation, or both");
  const Shape shape = (image ? image : raw).shape();
  check(shape.rank() == 4 && shape[3] == 3 && (!image || !raw || image.shape() == raw.shape()), "perturb",
        "expected picture and perturbation [N,H,W,3], got ", image ? image.shape() : Shape{}, " and ",
        raw ? raw.shape() : Shape{});
  check(options.eps >= 0.0f && options.eps <= 1.0f, "perturb", "eps is in [0,1] pixel units, got ",
        options.eps);
  Graph& g = (image ? image : raw).graph();
  check(!g.requires_grad(image), "perturb", "the picture is data; only the perturbation has a gradient");
  const Var y = g.value(shape, image ? g.activation_type() : DType::f32);
  PerturbArgs args{.image = image,
                   .raw = raw,
                   .y = y,
                   .limiter = options.limiter,
                   .eps = options.eps,
                   .quantise = options.quantise};
  for (size_t c = 0; c < 3; ++c) args.mean[c] = options.norm.mean[c], args.std[c] = options.norm.std[c];
  g.launch(args);
  g.differentiate({y}, {raw}, [=, &g] {
    PerturbGradArgs grad{.image = image,
                         .raw = raw,
                         .dy = g.grad_of(y),
                         .draw = g.grad(raw),
                         .limiter = options.limiter,
                         .eps = options.eps,
                         .quantise = options.quantise};
    for (size_t c = 0; c < 3; ++c) grad.std[c] = options.norm.std[c];
    g.launch(grad);
  });
  return y;
}

}  // namespace t2ue
