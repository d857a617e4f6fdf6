// Arguments of the ops that networks are made of. core/kernels.hpp explains `visit` and how shapes are
// written.
#pragma once

#include <cstdint>

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

}  // namespace t2ue
