// Arguments of the ops on pictures: noise on them, augmentation, and the generator's own. core/kernels.hpp
// explains `visit` and how shapes are written.
#pragma once

#include <cstdint>

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/core/view.hpp>

namespace t2ue {

/// Semantic-spatial conditional batch norm (T2UE Eq. 2 with SSA-GAN's mask), after nearest upsampling, before
/// ReLU: y = relu((1 + m*gamma) * (x-mean)*inv_std + m*beta). x [N,h,w,C], gamma, beta [N,C], mask
/// [N,h*up,w*up,1], y [N,h*up,w*up,C]; statistics [C] are those of x, which are those of its nearest
/// upsampling. training as in BatchNormArgs.
struct UpsampleSscbnReluArgs {
  View x, gamma, beta, mask, running_mean, running_var, mean, inv_std, y;
  int up = 1;
  bool training = true;
  float eps = 1e-5f, momentum = 0.1f;
  void visit(auto&& v) {
    v.read(x, gamma, beta, mask);
    if (training)
      v.update(running_mean, running_var);
    else
      v.read(running_mean, running_var);
    v.write(mean, inv_std, y);
  }
};
/// dnorm: workspace of x's shape, the gradient of the normalised map summed over each upsampled group.
struct UpsampleSscbnReluGradArgs {
  View x, gamma, beta, mask, mean, inv_std, y, dy, dnorm;
  GradView dx, dgamma, dbeta, dmask;
  int up = 1;
  bool training = true;
  void visit(auto&& v) {
    v.read(x, gamma, beta, mask, mean, inv_std, y, dy);
    v.write(dnorm), v.grad(dx, dgamma, dbeta, dmask);
  }
};

/// y = sigmoid(bilinear upsampling of x with aligned corners).  x [N,h,w,1], y [N,H,W,1].
struct MaskSigmoidArgs {
  View x, y;
  void visit(auto&& v) { v.read(x), v.write(y); }
};
struct MaskSigmoidGradArgs {
  View y, dy;
  GradView dx;
  void visit(auto&& v) { v.read(y, dy), v.grad(dx); }
};

/// x [N,h,w,C] resampled to y [N,H,W,C].
struct ResizeArgs {
  View x, y;
  Resampler resampler = Resampler::bilinear;
  void visit(auto&& v) { v.read(x), v.write(y); }
};
struct ResizeGradArgs {
  View dy;
  GradView dx;
  Resampler resampler = Resampler::bilinear;
  void visit(auto&& v) { v.read(dy), v.grad(dx); }
};

/// y = (round(clamp(image + limit(raw), 0, 1)) - mean) / std in one pass.  image f32 in [0,1] or u8 (read as
/// x/255), raw f32 or bf16; both [N,H,W,3], either may be absent (no picture: y = limit(raw), not clamped).
/// `quantise` rounds to whole 1/255 steps, half to even, with a straight-through gradient. eps in [0,1] pixel
/// units.
struct PerturbArgs {
  View image, raw, y;
  Limiter limiter = Limiter::none;
  float eps = 0.0f;
  bool quantise = false;
  float mean[3] = {0, 0, 0}, std[3] = {1, 1, 1};
  void visit(auto&& v) { v.read(image, raw), v.write(y); }
};
struct PerturbGradArgs {
  View image, raw, dy;
  GradView draw;
  Limiter limiter = Limiter::none;
  float eps = 0.0f;
  bool quantise = false;
  float std[3] = {1, 1, 1};
  void visit(auto&& v) { v.read(image, raw, dy), v.grad(draw); }
};

/// Crop, flip and translation (bilinear, edges repeated), change of colours, (x-mean)/std, cutout, all as
/// augment_draw(options, counter[0], N, n, H, W) says for picture n.  x, y [N,H,W,3], counter i32 [1]. kept
/// u8 [N,H,W]: bit c is set where y depends on x, that is where channel c was neither clamped nor cut out;
/// absent if nobody asks, or if all are.
struct AugmentArgs {
  View x, counter, y, kept;
  AugmentOptions options;
  void visit(auto&& v) { v.read(x, counter), v.write(y, kept); }
};
struct AugmentGradArgs {
  View counter, kept, dy;
  GradView dx;
  AugmentOptions options;
  void visit(auto&& v) { v.read(counter, kept, dy), v.grad(dx); }
};

/// y[n] = share*x[n] + (1-share)*x[(n+shift) mod N], or += ; `transposed`: the same with -shift, the
/// gradient. x, y [N,..], share [1], shift i32 [1], any whole number. With box i32 [4] = {top, bottom, left,
/// right} pixels of x [N,H,W,C] are taken whole and share is absent: those in rows [top, bottom) and columns
/// [left, right) are the partner's, the others one's own.
struct MixupArgs {
  View x, share, shift;
  GradView y;
  bool transposed = false;
  View box = {};
  void visit(auto&& v) { v.read(x, share, shift, box), v.grad(y); }
};

}  // namespace t2ue
