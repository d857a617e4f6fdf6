// Contrastive and supervised losses, and the normalisation before them.
#pragma once

#include <t2ue/core/graph.hpp>
#include <t2ue/core/ops/mixup.hpp>

namespace t2ue {

/// Rows of x [M,C] scaled to unit length, in f32.
inline Var l2_normalize(const Var& x) {
  check(x.shape().rank() == 2, "l2_normalize", "expected x [M,C], got ", x.shape());
  Graph& g = x.graph();
  const Var y = g.value(x.shape()), inv_norm = g.value({x.shape()[0]});
  g.launch("l2_normalize", &Kernels::l2_normalize, L2NormalizeArgs{x, y, inv_norm});
  g.differentiate({y}, {x}, [=, &g] {
    g.launch("l2_normalize_grad", &Kernels::l2_normalize_grad,
             L2NormalizeGradArgs{y, inv_norm, g.grad_of(y), g.grad(x)});
  });
  return y;
}

/// Symmetric InfoNCE (T2UE Eq. 4): mean of the picture-to-text and text-to-picture cross-entropies of
/// exp(logit_scale) * image text^T with the diagonal as targets.  image, text [B,D] of unit norm, logit_scale
/// [1]; returns [1]. Chance is ln B, so a value means nothing without its B.
inline Var info_nce(const Var& image, const Var& text, const Var& logit_scale) {
  check(image.shape().rank() == 2 && image.shape() == text.shape() && logit_scale.shape() == Shape{1},
        "info_nce", "expected image and text [B,D] and logit_scale [1], got ", image.shape(), ", ",
        text.shape(), ", ", logit_scale.shape());
  check(image.dtype() == DType::f32, "info_nce", "takes f32 features, got ", name_of(image.dtype()));
  check_types("info_nce", image, {text}, {logit_scale});
  Graph& g = image.graph();
  const int64_t batch = image.shape()[0];
  const Var logits = g.value({batch, batch}), row_lse = g.value({batch}), column_lse = g.value({batch}),
            loss = g.value({1});
  g.launch("info_nce", &Kernels::info_nce,
           InfoNceArgs{image, text, logit_scale, logits, row_lse, column_lse, loss});
  g.differentiate({loss}, {image, text, logit_scale}, [=, &g] {
    g.launch("info_nce_grad", &Kernels::info_nce_grad,
             InfoNceGradArgs{image, text, logit_scale, logits, row_lse, column_lse, g.grad_of(loss),
                             g.value({batch, batch}), g.grad(image), g.grad(text), g.grad(logit_scale)});
  });
  return loss;
}

/// Mean softmax cross-entropy.  logits [B,K], labels i32 [B] in 0..K-1; returns [1]. With a mixture, of
/// logits of mixed pictures: share*CE(labels[i]) + (1-share)*CE(labels[(i+shift) mod B]) in row i.
inline Var cross_entropy(const Var& logits, const Var& labels, const Mixture& mix = {}) {
  check(logits.shape().rank() == 2 && labels.dtype() == DType::i32 &&
            labels.shape() == Shape{logits.shape()[0]},
        "cross_entropy", "expected logits [B,K] and labels i32 [B], got ", logits.shape(), " and ",
        labels.shape());
  if (mix.share || mix.shift) check_mixture("cross_entropy", mix);
  Graph& g = logits.graph();
  const Var lse = g.value({logits.shape()[0]}), loss = g.value({1});
  g.launch("cross_entropy", &Kernels::cross_entropy,
           CrossEntropyArgs{logits, labels, mix.share, mix.shift, lse, loss});
  g.differentiate({loss}, {logits}, [=, &g] {
    g.launch(
        "cross_entropy_grad", &Kernels::cross_entropy_grad,
        CrossEntropyGradArgs{logits, labels, mix.share, mix.shift, lse, g.grad_of(loss), g.grad(logits)});
  });
  return loss;
}

}  // namespace t2ue
