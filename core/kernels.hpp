// The one place where headers and compiled kernels meet: a plain argument struct for every op, and the table
// of function pointers that a backend fills in. `visit` of an argument struct says what a launch reads and
// writes; liveness, addresses and error messages all follow from it. Matrices are [rows, columns], pictures
// [N,H,W,C].
#pragma once

#include <t2ue/core/augment_options.hpp>
#include <t2ue/core/device.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/core/view.hpp>

namespace t2ue {

/// y = activation(x w^T + b).  x [M,K], w [N,K], b [N] or absent, y [M,N];
/// pre [M,N] is kept when the activation's gradient needs it.
struct LinearArgs {
  View x, w, b, y, pre;
  Activation activation = Activation::none;
  void visit(auto&& v) { v.read(x, w, b), v.write(y, pre); }
};
/// saved: y for relu-like activations, pre for gelu-like ones. dpre is workspace [M,N], absent without
/// activation.
struct LinearGradArgs {
  View x, w, saved, dy, dpre;
  GradView dx, dw, db;
  Activation activation = Activation::none;
  void visit(auto&& v) {
    v.read(dy, saved);
    if (dx) v.read(w);
    if (dw) v.read(x);
    v.write(dpre), v.grad(dx, dw, db);
  }
};

/// y[n,p,q,k] = b[k] + sum_{r,s,c} x[n, p*stride+r-pad, q*stride+s-pad, c] w[k,r,s,c].
/// x [N,H,W,C], w [K,R,S,C], b [K] or absent, y [N,P,Q,K].
struct Conv2dArgs {
  View x, w, b, y;
  int stride = 1, pad = 0;
  void visit(auto&& v) { v.read(x, w, b), v.write(y); }
};
struct Conv2dGradArgs {
  View x, w, dy;
  GradView dx, dw, db;
  int stride = 1, pad = 0;
  void visit(auto&& v) {
    v.read(dy);
    if (dx) v.read(w);
    if (dw) v.read(x);
    v.grad(dx, dw, db);
  }
};

/// y = activation(scale*(x-mean)*inv_std + shift + residual), statistics over all rows of x [..,C].
/// training: batch statistics, and running <- (1-momentum)*running + momentum*batch (variance unbiased);
/// otherwise the running ones. scale, shift, residual may be absent; activation none, relu or leaky_relu.
struct BatchNormArgs {
  View x, scale, shift, residual, running_mean, running_var, mean, inv_std, y;
  Activation activation = Activation::none;
  bool training = true;
  float eps = 1e-5f, momentum = 0.1f;
  void visit(auto&& v) {
    v.read(x, scale, shift, residual);
    if (training)
      v.update(running_mean, running_var);
    else
      v.read(running_mean, running_var);
    v.write(mean, inv_std, y);
  }
};
/// dz = dy * activation'(y); dresidual = dz.
struct BatchNormGradArgs {
  View x, scale, mean, inv_std, y, dy;
  GradView dx, dscale, dshift, dresidual;
  Activation activation = Activation::none;
  bool training = true;
  void visit(auto&& v) {
    v.read(dy);
    if (activation != Activation::none) v.read(y);
    if (dx || dscale) v.read(x, mean, inv_std, scale);
    v.grad(dx, dscale, dshift, dresidual);
  }
};

/// sum = x + residual; y = scale*(sum-mean)*inv_std + shift over each row.  x [..,C]; without residual sum is
/// absent and x is normalised. mean, inv_std [rows].
struct LayerNormArgs {
  View x, residual, scale, shift, sum, y, mean, inv_std;
  float eps = 1e-5f;
  void visit(auto&& v) { v.read(x, residual, scale, shift), v.write(sum, y, mean, inv_std); }
};
/// normalised: what was normalised (sum, or x). dsum: what already flows into the sum, or absent.
struct LayerNormGradArgs {
  View normalised, scale, mean, inv_std, dy, dsum;
  GradView dx, dresidual, dscale, dshift;
  void visit(auto&& v) {
    v.read(normalised, scale, mean, inv_std, dy, dsum);
    v.grad(dx, dresidual, dscale, dshift);
  }
};

/// Softmax attention over packed projections. qkv [B,T,3*C] (q, then k, then v; heads of C/heads side by
/// side), out [B,T,C], lse [B,heads,T] (log-sum-exp of the scaled scores). causal: position t sees 0..t.
struct AttentionArgs {
  View qkv, out, lse;
  int heads = 1;
  bool causal = false;
  void visit(auto&& v) { v.read(qkv), v.write(out, lse); }
};
struct AttentionGradArgs {
  View qkv, out, lse, dout;
  GradView dqkv;
  int heads = 1;
  bool causal = false;
  void visit(auto&& v) { v.read(qkv, out, lse, dout), v.grad(dqkv); }
};

/// y[b,t] = table[ids[b,t]] + position[t].  ids i32 [B,T], table [V,C], position [T,C], y [B,T,C].
struct EmbeddingArgs {
  View ids, table, position, y;
  void visit(auto&& v) { v.read(ids, table, position), v.write(y); }
};
struct EmbeddingGradArgs {
  View ids, dy;
  GradView dtable, dposition;
  void visit(auto&& v) { v.read(ids, dy), v.grad(dtable, dposition); }
};

/// y[n] = (token; x[n]) + position.  x [N,T,C], token [C] or [N,C], position [T+1,C], y [N,T+1,C].
struct PrependTokenArgs {
  View x, token, position, y;
  void visit(auto&& v) { v.read(x, token, position), v.write(y); }
};
struct PrependTokenGradArgs {
  View dy;
  GradView dx, dtoken, dposition;
  void visit(auto&& v) { v.read(dy), v.grad(dx, dtoken, dposition); }
};

/// y[b] = x[b, index[b]], or x[b, 0] without an index.  x [B,T,C], index i32 [B], y [B,C].
struct GatherTokenArgs {
  View x, index, y;
  void visit(auto&& v) { v.read(x, index), v.write(y); }
};
struct GatherTokenGradArgs {
  View index, dy;
  GradView dx;
  void visit(auto&& v) { v.read(index, dy), v.grad(dx); }
};

/// Windows of `size` every `stride`, cut off where the map ends; average pooling divides by the number of
/// real pixels in the window. x [N,H,W,C], y [N,P,Q,C].
struct Pool2dArgs {
  View x, y;
  Pooling kind = Pooling::average;
  int size = 2, stride = 2, pad = 0;
  void visit(auto&& v) { v.read(x), v.write(y); }
};
struct Pool2dGradArgs {
  View x, dy;
  GradView dx;
  Pooling kind = Pooling::average;
  int size = 2, stride = 2, pad = 0;
  void visit(auto&& v) {
    v.read(dy);
    if (kind == Pooling::max) v.read(x);
    v.grad(dx);
  }
};

/// y[n] = mean over t of x[n,t].  x [N,T,C], y [N,C].
struct MeanPoolArgs {
  View x, y;
  void visit(auto&& v) { v.read(x), v.write(y); }
};
struct MeanPoolGradArgs {
  View dy;
  GradView dx;
  void visit(auto&& v) { v.read(dy), v.grad(dx); }
};

/// y = the parts' channels behind one another: parts [..,C_i], y [.., sum of C_i]; absent ones come last.
struct ConcatChannelsArgs {
  static constexpr int most = 4;
  View parts[most], y;
  void visit(auto&& v) { v.read(parts[0], parts[1], parts[2], parts[3]), v.write(y); }
};
/// parts[i] = the channels of dy from begins[i] on. Two parts may be one gradient, of which the first named
/// is the first contribution.
struct ConcatChannelsGradArgs {
  View dy;
  GradView parts[ConcatChannelsArgs::most];
  int64_t begins[ConcatChannelsArgs::most] = {};
  void visit(auto&& v) { v.read(dy), v.grad(parts[0], parts[1], parts[2], parts[3]); }
};

/// y = activation(x), any shape.
struct ActivationArgs {
  View x, y;
  Activation activation = Activation::relu;
  void visit(auto&& v) { v.read(x), v.write(y); }
};
/// saved: y for relu, leaky_relu, tanh and sigmoid; x for the gelus.
struct ActivationGradArgs {
  View saved, dy;
  GradView dx;
  Activation activation = Activation::relu;
  void visit(auto&& v) { v.read(saved, dy), v.grad(dx); }
};

/// y = alpha*a + beta*b, same shapes; b may be absent. With `accumulate`, y += (the planner's gradient
/// copies).
struct AddArgs {
  View a, b;
  GradView y;
  float alpha = 1.0f, beta = 1.0f;
  void visit(auto&& v) { v.read(a, b), v.grad(y); }
};

/// y = x in y's type, or += with `accumulate`; any shape.
struct CastArgs {
  View x;
  GradView y;
  void visit(auto&& v) { v.read(x), v.grad(y); }
};

/// y = upsample(a) + gain[0]*b: the generator's residual sum.  a [N,H/up,W/up,C], b, y [N,H,W,C], gain [1].
struct ResidualScaleArgs {
  View a, b, gain, y;
  int up = 1;
  void visit(auto&& v) { v.read(a, b, gain), v.write(y); }
};
struct ResidualScaleGradArgs {
  View b, gain, dy;
  GradView da, db, dgain;
  int up = 1;
  void visit(auto&& v) {
    v.read(dy);
    if (db) v.read(gain);
    if (dgain) v.read(b);
    v.grad(da, db, dgain);
  }
};

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

/// y = x / max(|x|, 1e-12) for each row of x [M,C]; inv_norm [M].
struct L2NormalizeArgs {
  View x, y, inv_norm;
  void visit(auto&& v) { v.read(x), v.write(y, inv_norm); }
};
struct L2NormalizeGradArgs {
  View y, inv_norm, dy;
  GradView dx;
  void visit(auto&& v) { v.read(y, inv_norm, dy), v.grad(dx); }
};

/// Symmetric InfoNCE over the batch (T2UE Eq. 4): logits = exp(logit_scale) * image text^T, loss = mean of
/// the two cross-entropies with the diagonal as targets.  image, text [B,D] of unit norm, logit_scale [1],
/// row_lse, column_lse [B], loss [1]. tile: workspace [R,B], R <= B; the logits pass through it R rows at a
/// time and are kept nowhere.
struct InfoNceArgs {
  View image, text, logit_scale, tile, row_lse, column_lse, loss;
  void visit(auto&& v) { v.read(image, text, logit_scale), v.write(tile, row_lse, column_lse, loss); }
};
/// Each tile of logits is computed again and becomes its own gradient. dimage and dtext may be one buffer, of
/// which dtext is the first contribution.
struct InfoNceGradArgs {
  View image, text, logit_scale, row_lse, column_lse, dloss, tile;
  GradView dimage, dtext, dlogit_scale;
  void visit(auto&& v) {
    v.read(image, text, logit_scale, row_lse, column_lse, dloss);
    v.write(tile), v.grad(dimage, dtext, dlogit_scale);
  }
};

/// Mean cross-entropy.  logits [B,K], labels i32 [B], lse [B], loss [1]. share [1] and shift i32 [1] as in
/// MixupArgs: row i has label labels[i] by `share` and labels[(i+shift) mod B] by the rest. Without them, the
/// former alone.
struct CrossEntropyArgs {
  View logits, labels, share, shift, lse, loss;
  void visit(auto&& v) { v.read(logits, labels, share, shift), v.write(lse, loss); }
};
struct CrossEntropyGradArgs {
  View logits, labels, share, shift, lse, dloss;
  GradView dlogits;
  void visit(auto&& v) { v.read(logits, labels, share, shift, lse, dloss), v.grad(dlogits); }
};

/// How badly classes of vectors are told apart (Davies-Bouldin; TUE's CSD, Ren et al., 2023): the mean over
/// ordered pairs of different classes that are there of (spread_i + spread_j) / |centre_i - centre_j|, spread
/// being the mean distance from the centre; 0 for fewer than two classes.  gram [B,B], the vectors' products;
/// labels i32 [B] in -1..K-1, -1 taking no part; loss [1]. Kept for the gradient: count [K], sums [B,K] of a
/// row of gram by class, dots [K,K] of centres, radius [B], spread [K].
struct ClassSeparabilityArgs {
  View gram, labels, count, sums, dots, radius, spread, loss;
  void visit(auto&& v) { v.read(gram, labels), v.write(count, sums, dots, radius, spread, loss); }
};
/// pull [B], slopes [K,K]: workspace, the loss by a squared radius and by a product of centres.
struct ClassSeparabilityGradArgs {
  View labels, count, dots, radius, spread, dloss, pull, slopes;
  GradView dgram;
  void visit(auto&& v) {
    v.read(labels, count, dots, radius, spread, dloss), v.write(pull, slopes), v.grad(dgram);
  }
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

/// Every element of y becomes `value`.
struct FillArgs {
  View y;
  float value = 0.0f;
  void visit(auto&& v) { v.write(y); }
};

/// x is kept within [low, high].
struct ClampArgs {
  View x;
  float low = 0.0f, high = 0.0f;
  void visit(auto&& v) { v.update(x); }
};

/// norm[0] = |grad|; norm[1] = min(1, max_norm/|grad|), or 1 where max_norm is 0.  grad [P], norm [2].
struct GradNormArgs {
  View grad, norm;
  float max_norm = 0.0f;
  void visit(auto&& v) { v.read(grad), v.write(norm); }
};

/// One step over a flat arena.  value, grad, first, second [P]; `segments` i32 [S+1] are offsets, `decay` [S]
/// each segment's weight decay; hyper [4] = {learning rate, 1-beta1^t, 1-beta2^t, unused}; norm [2] as in
/// GradNormArgs or absent. decoupled: AdamW (value *= 1 - lr*decay); otherwise Adam (grad += decay*value).
/// shadow: bf16 [P] that receives the rounded new value, or absent.
struct AdamArgs {
  View value, grad, first, second, segments, decay, hyper, norm, shadow;
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  bool decoupled = true;
  void visit(auto&& v) {
    v.read(grad, segments, decay, hyper, norm), v.update(value, first, second), v.write(shadow);
  }
};
/// SGD with momentum as PyTorch defines it: g += decay*value; first = momentum*first + g; value -= lr*first.
/// shadow as in AdamArgs.
struct SgdArgs {
  View value, grad, first, segments, decay, hyper, norm, shadow;
  float momentum = 0.9f;
  bool nesterov = false;
  void visit(auto&& v) {
    v.read(grad, segments, decay, hyper, norm), v.update(value, first), v.write(shadow);
  }
};

/// One update of a moving average over a flat arena: average = decay*average + (1-decay)*value.  value,
/// average [P].
struct EmaArgs {
  View value, average;
  float decay = 0.0f;
  void visit(auto&& v) { v.read(value), v.update(average); }
};

/// y[b] = table[rows[b]], zeros where rows[b] is -1.  table [R,..], rows i32 [B] in -1..R-1, y [B,..], f32.
struct GatherRowsArgs {
  View table, rows, y;
  void visit(auto&& v) { v.read(table, rows), v.write(y); }
};

/// One signed-gradient step of bounded noise: every row of the table that the batch shows becomes the mean,
/// over the places b that show it, of table[row] + step*sign(grad[b]) kept within +-limit and, where there is
/// a picture, within what leaves picture[b] + noise in [0,1]. Where a row has one place this is projected
/// gradient descent (step < 0) or ascent; where it has several, as EM's code does for classes. A NaN has no
/// sign.  table [R,..], grad [B,..] f32; rows i32 [B] in -1..R-1, -1 moving nothing, or absent: place b is
/// row b; picture u8 or f32 in [0,1], of grad's shape, or absent.
struct SignStepArgs {
  View table, rows, grad, picture;
  float step = 0.0f, limit = 0.0f;
  void visit(auto&& v) { v.read(rows, grad, picture), v.update(table); }
};

/// Where each query's partners stand in a gallery, by dot product.  queries [Q,D], gallery [G,D] f32; a
/// gallery row is a query's partner where query_owner i32 [Q] and gallery_owner i32 [G] agree; every query
/// has one.  counts i32 [Q,3]: of the partners those that have the best partner's score; of the others those
/// that score higher, and those that score the same. Equal rows get equal scores. No scores are stored.
struct RetrievalCountsArgs {
  View queries, gallery, query_owner, gallery_owner, counts;
  void visit(auto&& v) { v.read(queries, gallery, query_owner, gallery_owner), v.write(counts); }
};

/// Every op: the slot's name and its arguments. The only list of ops; tables are made from it.
// clang-format off
#define T2UE_OPS(X) \
  X(linear, LinearArgs) X(linear_grad, LinearGradArgs) X(conv2d, Conv2dArgs) \
  X(conv2d_grad, Conv2dGradArgs) X(batch_norm, BatchNormArgs) X(batch_norm_grad, BatchNormGradArgs) \
  X(layer_norm, LayerNormArgs) X(layer_norm_grad, LayerNormGradArgs) X(attention, AttentionArgs) \
  X(attention_grad, AttentionGradArgs) X(embedding, EmbeddingArgs) \
  X(embedding_grad, EmbeddingGradArgs) X(prepend_token, PrependTokenArgs) \
  X(prepend_token_grad, PrependTokenGradArgs) X(gather_token, GatherTokenArgs) \
  X(gather_token_grad, GatherTokenGradArgs) X(pool2d, Pool2dArgs) X(pool2d_grad, Pool2dGradArgs) \
  X(mean_pool, MeanPoolArgs) X(mean_pool_grad, MeanPoolGradArgs) \
  X(concat_channels, ConcatChannelsArgs) X(concat_channels_grad, ConcatChannelsGradArgs) \
  X(activation, ActivationArgs) \
  X(activation_grad, ActivationGradArgs) X(add, AddArgs) X(cast, CastArgs) \
  X(residual_scale, ResidualScaleArgs) X(residual_scale_grad, ResidualScaleGradArgs) \
  X(upsample_sscbn_relu, UpsampleSscbnReluArgs) X(upsample_sscbn_relu_grad, UpsampleSscbnReluGradArgs) \
  X(mask_sigmoid, MaskSigmoidArgs) X(mask_sigmoid_grad, MaskSigmoidGradArgs) X(resize, ResizeArgs) \
  X(resize_grad, ResizeGradArgs) X(l2_normalize, L2NormalizeArgs) \
  X(l2_normalize_grad, L2NormalizeGradArgs) X(info_nce, InfoNceArgs) X(info_nce_grad, InfoNceGradArgs) \
  X(cross_entropy, CrossEntropyArgs) X(cross_entropy_grad, CrossEntropyGradArgs) \
  X(perturb, PerturbArgs) X(perturb_grad, PerturbGradArgs) X(augment, AugmentArgs) \
  X(augment_grad, AugmentGradArgs) X(mixup, MixupArgs) X(fill, FillArgs) X(clamp, ClampArgs) \
  X(grad_norm, GradNormArgs) X(adam, AdamArgs) X(sgd, SgdArgs) X(ema, EmaArgs) \
  X(gather_rows, GatherRowsArgs) X(sign_step, SignStepArgs) \
  X(class_separability, ClassSeparabilityArgs) \
  X(class_separability_grad, ClassSeparabilityGradArgs) \
  X(retrieval_counts, RetrievalCountsArgs)
// clang-format on

/// A backend: one function for each op, null where it has none.
struct Kernels {
  template <class Args>
  using Fn = void (*)(const Args&, Stream);

  const char* name = "";
#define T2UE_SLOT(op, Args) Fn<Args> op = nullptr;
  T2UE_OPS(T2UE_SLOT)
#undef T2UE_SLOT
};

}  // namespace t2ue
