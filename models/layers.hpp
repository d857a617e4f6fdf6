// The building blocks that models share, each a struct of parameters with operator().
#pragma once

#include <cmath>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/models/module.hpp>

namespace t2ue {

/// y = activation(x w^T + b). Starts as PyTorch's Linear does, U(-1/sqrt(in), 1/sqrt(in)), unless told
/// otherwise.
struct Linear {
  Parameter weight, bias;

  Linear() = default;
  Linear(int64_t in, int64_t out, bool with_bias = true)
      : Linear(in, out, Init::uniform(1.0f / std::sqrt(static_cast<float>(in))), with_bias) {
    if (with_bias) bias.init = weight.init;
  }
  Linear(int64_t in, int64_t out, Init init, bool with_bias = true) : weight({out, in}, init) {
    if (with_bias) bias = Parameter({out}, Init::zeros());
  }

  Var operator()(const Var& x, Activation activation = Activation::none) {
    Graph& g = x.graph();
    return linear(x, g.parameter(weight), bias.shape.rank() ? g.parameter(bias) : Var{}, activation);
  }
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

/// Square-window convolution, weight [out,size,size,in]. Starts with He's normal (fan out) without bias, and
/// as PyTorch's Conv2d does with one.
struct Conv2d {
  Parameter weight, bias;
  int stride = 1, pad = 0;

  Conv2d() = default;
  Conv2d(int64_t in, int64_t out, int size, int stride_, int pad_, bool with_bias)
      : stride(stride_), pad(pad_) {
    const auto fan = [&](int64_t channels) { return static_cast<float>(channels * size * size); };
    weight = Parameter({out, size, size, in}, with_bias ? Init::uniform(1.0f / std::sqrt(fan(in)))
                                                        : Init::normal(std::sqrt(2.0f / fan(out))));
    if (with_bias) bias = Parameter({out}, weight.init);
  }

  Var operator()(const Var& x) {
    Graph& g = x.graph();
    return conv2d(x, g.parameter(weight), bias.shape.rank() ? g.parameter(bias) : Var{}, stride, pad);
  }
  /// In front of a normalisation by batch statistics, which takes the bias away again: its gradient is zero,
  /// and is not computed, for that would be a pass over the map that gives rounding errors, which Adam would
  /// take for a direction.
  Var normalised_next(const Var& x) {
    Graph& g = x.graph();
    const auto constant = [&] {
      const NoGrad no_grad(g);
      return g.parameter(bias);
    };
    return conv2d(x, g.parameter(weight), constant(), stride, pad);
  }
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

/// Batch normalisation with affine parameters and running statistics.
struct BatchNorm {
  Parameter weight, bias, running_mean, running_var;
  float eps = 1e-5f;

  BatchNorm() = default;
  explicit BatchNorm(int64_t channels, float start = 1.0f)
      : weight({channels}, Init::constant(start)),
        bias({channels}, Init::zeros()),
        running_mean(Parameter::buffer({channels}, Init::zeros())),
        running_var(Parameter::buffer({channels}, Init::ones())) {}

  Var operator()(const Var& x, Activation activation = Activation::none, const Var& residual = {}) {
    Graph& g = x.graph();
    return batch_norm(x, g.parameter(weight), g.parameter(bias), g.parameter(running_mean),
                      g.parameter(running_var), activation, residual, eps);
  }
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

  Var operator()(const Var& x) {
    return layer_norm(x, x.graph().parameter(weight), x.graph().parameter(bias), eps);
  }
  /// {x + residual, its normalisation}.
  std::pair<Var, Var> operator()(const Var& x, const Var& residual) {
    return add_layer_norm(x, residual, x.graph().parameter(weight), x.graph().parameter(bias), eps);
  }
  void visit(auto&& f) { f("weight", weight), f("bias", bias); }
};

}  // namespace t2ue
