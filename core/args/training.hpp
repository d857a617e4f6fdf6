// Arguments of the ops of a training step that have no gradient: updates of parameters and of noise.
// core/kernels.hpp explains `visit` and how shapes are written.
#pragma once

#include <cstdint>

#include <t2ue/core/view.hpp>

namespace t2ue {

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

}  // namespace t2ue
