// AdamW, Adam and SGD over a module's flat arena.
#pragma once

#include <cmath>

#include <t2ue/core/graph.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/models/module.hpp>

namespace t2ue {

struct OptimizerConfig {
  enum class Kind : uint8_t { adamw, adam, sgd } kind = Kind::adamw;
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  float momentum = 0.9f;  ///< SGD only
  /// Of tensors with two or more dimensions; others (norms, biases, logit_scale) and frozen ones never decay.
  float weight_decay = 0.0f;
  float max_norm = 0.0f;  ///< gradients longer than this are scaled down to it; 0 turns clipping off
};

namespace detail {
template <>
struct KindNames<OptimizerConfig::Kind> {
  static constexpr std::string_view what = "optimizer";
  static constexpr std::array<std::string_view, 3> names = {"adamw", "adam", "sgd"};
};
}  // namespace detail

/// The update rule of one ParameterSet, and its state.
class Optimizer {
 public:
  Optimizer(ParameterSet& parameters, const OptimizerConfig& config)
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

  /// Appends the gradient's norm to a graph, after `backward`.
  void record_norm(Graph& g) {
    g.launch(GradNormArgs{g.input(parameters_.grads()), g.input(norm_), config_.max_norm});
  }

  /// Appends the update.
  void record_update(Graph& g) {
    const Var value = g.input(parameters_.values()), grad = g.input(parameters_.grads()),
              first = g.input(first_);
    const Var segments = g.input(segments_), decay = g.input(decay_), hyper = g.input(hyper_),
              norm = g.input(norm_), shadow = parameters_.shadows() ? g.input(parameters_.shadows()) : Var{};
    if (config_.kind == OptimizerConfig::Kind::sgd) {
      g.launch(SgdArgs{value, grad, first, segments, decay, hyper, norm, shadow, config_.momentum, false});
      return;
    }
    g.launch(AdamArgs{value, grad, first, g.input(second_), segments, decay, hyper, norm, shadow,
                      config_.beta1, config_.beta2, config_.eps,
                      config_.kind == OptimizerConfig::Kind::adamw});
  }

  /// Sets the rate of the next update and counts it.
  void prepare(float rate) {
    ++steps_;
    const auto t = static_cast<float>(steps_);
    hyper_.assign(
        std::vector<float>{rate, 1.0f - std::pow(config_.beta1, t), 1.0f - std::pow(config_.beta2, t), 0.0f});
  }

  /// Forgets the moments and the count.
  void reset() { restore(0, std::vector<float>(static_cast<size_t>(first_.shape().elements())), {}); }

  int64_t steps() const { return steps_; }
  float gradient_norm() const { return norm_.to_vector<float>()[0]; }
  const Tensor& first() const { return first_; }
  const Tensor& second() const { return second_; }
  /// Puts back what `steps`, `first` and `second` gave; an empty `second` is zero.
  void restore(int64_t steps, const std::vector<float>& first, const std::vector<float>& second) {
    steps_ = steps;
    first_.assign(first);
    if (second_) second_.assign(second.empty() ? std::vector<float>(first.size()) : second);
  }

 private:
  ParameterSet& parameters_;
  OptimizerConfig config_;
  Tensor first_, second_, hyper_, norm_, segments_, decay_;
  int64_t steps_ = 0;
};

}  // namespace t2ue
