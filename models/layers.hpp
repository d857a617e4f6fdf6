// The building blocks that models share, each a struct of parameters with operator().
#pragma once

#include <cmath>

#include <t2ue/core/config.hpp>
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/models/module.hpp>

namespace t2ue {

/// y = activation(x w^T + b). Starts as PyTorch's Linear does, U(-1/sqrt(in), 1/sqrt(in)), unless told
/// otherwise.
struct Linear {
  Parameter weight, bias;

  Linear() = default;
  Linear(int64_t in, int64_t out, bool with_bias = true);
  Linear(int64_t in, int64_t out, Init init, bool with_bias = true);

  Var operator()(const Var& x, Activation activation = Activation::none);
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

/// Square-window convolution, weight [out,size,size,in]. Starts with He's normal (fan out) without bias, and
/// as PyTorch's Conv2d does with one.
struct Conv2d {
  Parameter weight, bias;
  int stride = 1, pad = 0;

  Conv2d() = default;
  Conv2d(int64_t in, int64_t out, int size, int stride_, int pad_, bool with_bias);

  Var operator()(const Var& x);
  /// In front of a normalisation by batch statistics, which takes the bias away again: its gradient is zero,
  /// and is not computed, for that would be a pass over the map that gives rounding errors, which Adam would
  /// take for a direction.
  Var normalised_next(const Var& x);
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

/// Batch normalisation with affine parameters and running statistics.
struct BatchNorm {
  Parameter weight, bias, running_mean, running_var;
  float eps = 1e-5f;

  BatchNorm() = default;
  explicit BatchNorm(int64_t channels, float start = 1.0f);

  Var operator()(const Var& x, Activation activation = Activation::none, const Var& residual = {});
  void visit(auto&& f) {
    f("weight", weight), f("bias", bias), f("running_mean", running_mean), f("running_var", running_var);
  }
};

/// Layer normalisation over the last dimension.
struct LayerNorm {
  Parameter weight, bias;
  float eps = 1e-5f;

  LayerNorm() = default;
  explicit LayerNorm(int64_t channels) : weight({channels}, Init::ones()), bias({channels}, Init::zeros()) {}

  Var operator()(const Var& x);
  /// {x + residual, its normalisation}.
  std::pair<Var, Var> operator()(const Var& x, const Var& residual);
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/layers.inl.hpp>
#endif
