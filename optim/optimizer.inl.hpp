#pragma once

#include <t2ue/optim/optimizer.hpp>

namespace t2ue {

T2UE_INLINE Optimizer::Optimizer(ParameterSet& parameters, const OptimizerConfig& config)
    : parameters_(parameters),
      config_(config),
      first_(Tensor::zeros(parameters.values().shape(), DType::f32, parameters.device())),
      hyper_(Tensor::zeros({4}, DType::f32, parameters.device())),
      norm_(Tensor::zeros({2}, DType::f32, parameters.device())),
      segments_(Tensor::of(parameters.offsets(), {static_cast<int64_t>(parameters.offsets().size())},
                           parameters.device())) {
  if (config.kind != OptimizerConfig::Kind::sgd)
    second_ = Tensor::zeros(parameters.values().shape(), DType::f32, parameters.device());
  std::vector<float> decay;
  for (const Parameter* parameter : parameters.trained())
    decay.push_back(parameter->shape.rank() >= 2 && !parameter->frozen ? config.weight_decay : 0.0f);
  decay_ = Tensor::of(decay, {static_cast<int64_t>(decay.size())}, parameters.device());
}

T2UE_INLINE void Optimizer::record_norm(Graph& g) {
  g.launch(GradNormArgs{g.input(parameters_.grads()), g.input(norm_), config_.max_norm});
}

T2UE_INLINE void Optimizer::record_update(Graph& g) {
  const Var value = g.input(parameters_.values()), grad = g.input(parameters_.grads()),
            first = g.input(first_);
  const Var segments = g.input(segments_), decay = g.input(decay_), hyper = g.input(hyper_),
            norm = g.input(norm_), shadow = parameters_.shadows() ? g.input(parameters_.shadows()) : Var{};
  if (config_.kind == OptimizerConfig::Kind::sgd) {
    g.launch(SgdArgs{value, grad, first, segments, decay, hyper, norm, shadow, config_.momentum, false});
    return;
  }
  g.launch(AdamArgs{value, grad, first, g.input(second_), segments, decay, hyper, norm, shadow, config_.beta1,
                    config_.beta2, config_.eps, config_.kind == OptimizerConfig::Kind::adamw});
}

T2UE_INLINE void Optimizer::prepare(float rate) {
  ++steps_;
  const auto t = static_cast<float>(steps_);
  hyper_.assign(
      std::vector<float>{rate, 1.0f - std::pow(config_.beta1, t), 1.0f - std::pow(config_.beta2, t), 0.0f});
}

T2UE_INLINE void Optimizer::restore(int64_t steps, const std::vector<float>& first,
                                    const std::vector<float>& second) {
  steps_ = steps;
  first_.assign(first);
  if (second_) second_.assign(second.empty() ? std::vector<float>(first.size()) : second);
}

}  // namespace t2ue
