#pragma once

#include <t2ue/models/layers.hpp>

namespace t2ue {

T2UE_INLINE Linear::Linear(int64_t in, int64_t out, bool with_bias)
    : Linear(in, out, Init::uniform(1.0f / std::sqrt(static_cast<float>(in))), with_bias) {
  if (with_bias) bias.init = weight.init;
}

T2UE_INLINE Linear::Linear(int64_t in, int64_t out, Init init, bool with_bias) : weight({out, in}, init) {
  if (with_bias) bias = Parameter({out}, Init::zeros());
}

T2UE_INLINE Var Linear::operator()(const Var& x, Activation activation) {
  Graph& g = x.graph();
  return linear(x, g.parameter(weight), bias.shape.rank() ? g.parameter(bias) : Var{}, activation);
}

T2UE_INLINE Conv2d::Conv2d(int64_t in, int64_t out, int size, int stride_, int pad_, bool with_bias)
    : stride(stride_), pad(pad_) {
  const auto fan = [&](int64_t channels) { return static_cast<float>(channels * size * size); };
  weight = Parameter({out, size, size, in}, with_bias ? Init::uniform(1.0f / std::sqrt(fan(in)))
                                                      : Init::normal(std::sqrt(2.0f / fan(out))));
  if (with_bias) bias = Parameter({out}, weight.init);
}

T2UE_INLINE Var Conv2d::operator()(const Var& x) {
  Graph& g = x.graph();
  return conv2d(x, g.parameter(weight), bias.shape.rank() ? g.parameter(bias) : Var{}, stride, pad);
}

T2UE_INLINE Var Conv2d::normalised_next(const Var& x) {
  Graph& g = x.graph();
  const auto constant = [&] {
    const NoGrad no_grad(g);
    return g.parameter(bias);
  };
  return conv2d(x, g.parameter(weight), constant(), stride, pad);
}

T2UE_INLINE BatchNorm::BatchNorm(int64_t channels, float start)
    : weight({channels}, Init::constant(start)),
      bias({channels}, Init::zeros()),
      running_mean(Parameter::buffer({channels}, Init::zeros())),
      running_var(Parameter::buffer({channels}, Init::ones())) {}

T2UE_INLINE Var BatchNorm::operator()(const Var& x, Activation activation, const Var& residual) {
  Graph& g = x.graph();
  return batch_norm(x, g.parameter(weight), g.parameter(bias), g.parameter(running_mean),
                    g.parameter(running_var), activation, residual, eps);
}

T2UE_INLINE Var LayerNorm::operator()(const Var& x) {
  return layer_norm(x, x.graph().parameter(weight), x.graph().parameter(bias), eps);
}

T2UE_INLINE std::pair<Var, Var> LayerNorm::operator()(const Var& x, const Var& residual) {
  return add_layer_norm(x, residual, x.graph().parameter(weight), x.graph().parameter(bias), eps);
}

}  // namespace t2ue
