// Pictures plus perturbation, and what victims do to pictures before looking at them.
#pragma once

#include <array>

#include <t2ue/core/graph.hpp>

namespace t2ue {

/// What the pixels of a network's input are: (x - mean) / std per channel.
struct PixelNorm {
  std::array<float, 3> mean{0, 0, 0}, std{1, 1, 1};
};

/// Options of `perturb`.
struct PerturbOptions {
  Limiter limiter = Limiter::none;
  float eps = 8.0f / 255.0f;  ///< in [0,1] pixel units
  bool quantise = false;      ///< whole steps of 1/255, straight-through gradient
  PixelNorm norm;
};

/// (clamp(image + limit(raw), 0, 1) - mean)/std in one pass; without a picture just limit(raw).
/// image [N,H,W,3] f32 in [0,1] or u8, raw [N,H,W,3]; either may be absent. With a picture the result has the
/// graph's type of activations, without one it is f32: steps of pixels are finer than bf16.
inline Var perturb(const Var& image, const Var& raw, const PerturbOptions& options = {}) {
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
  g.launch("perturb", &Kernels::perturb, args);
  g.differentiate({y}, {raw}, [=, &g] {
    PerturbGradArgs grad{.image = image,
                         .raw = raw,
                         .dy = g.grad_of(y),
                         .draw = g.grad(raw),
                         .limiter = options.limiter,
                         .eps = options.eps,
                         .quantise = options.quantise};
    for (size_t c = 0; c < 3; ++c) grad.std[c] = options.norm.std[c];
    g.launch("perturb_grad", &Kernels::perturb_grad, grad);
  });
  return y;
}

/// Options of `augment`.
struct AugmentOptions {
  uint64_t seed = 0;
  float min_area = 1.0f;  ///< random-resized crop: smallest share of the picture kept; 1 turns it off
  bool flip = false;      ///< horizontal flip of every other picture, at random
  int shift = 0;          ///< random translation by up to this many pixels, edges repeated
  PixelNorm norm;
};

/// Random crop, flip and translation by (seed, counter, position in the batch), then (x - mean)/std.
/// x [N,H,W,3], counter i32 [1]: the number of the step, so that every step draws anew.
inline Var augment(const Var& x, const Var& counter, const AugmentOptions& options) {
  check(x.shape().rank() == 4 && x.shape()[3] == 3 && counter.dtype() == DType::i32 &&
            counter.shape() == Shape{1},
        "augment", "expected x [N,H,W,3] and counter i32 [1], got ", x.shape(), " and ", counter.shape());
  check(options.min_area > 0.0f && options.min_area <= 1.0f && options.shift >= 0, "augment",
        "min_area must be in (0,1] and shift not negative, got ", options.min_area, " and ", options.shift);
  Graph& g = x.graph();
  const Var y = g.value(x.shape(), x.dtype());
  AugmentArgs args{.x = x,
                   .counter = counter,
                   .y = y,
                   .seed = options.seed,
                   .min_area = options.min_area,
                   .flip = options.flip,
                   .shift = options.shift};
  for (size_t c = 0; c < 3; ++c) args.mean[c] = options.norm.mean[c], args.std[c] = options.norm.std[c];
  g.launch("augment", &Kernels::augment, args);
  g.differentiate({y}, {x}, [=, &g] {
    AugmentGradArgs grad{.counter = counter,
                         .dy = g.grad_of(y),
                         .dx = g.grad(x),
                         .seed = options.seed,
                         .min_area = options.min_area,
                         .flip = options.flip,
                         .shift = options.shift};
    for (size_t c = 0; c < 3; ++c) grad.std[c] = options.norm.std[c];
    g.launch("augment_grad", &Kernels::augment_grad, grad);
  });
  return y;
}

}  // namespace t2ue
