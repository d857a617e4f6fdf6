// AdamW, Adam and SGD over a module's flat arena.
#pragma once

#include <cmath>

#include <t2ue/core/config.hpp>
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
  Optimizer(ParameterSet& parameters, const OptimizerConfig& config);

  /// Appends the gradient's norm to a graph, after `backward`.
  void record_norm(Graph& g);

  /// Appends the update.
  void record_update(Graph& g);

  /// Sets the rate of the next update and counts it.
  void prepare(float rate);

  /// Forgets the moments and the count.
  void reset() { restore(0, std::vector<float>(static_cast<size_t>(first_.shape().elements())), {}); }

  int64_t steps() const { return steps_; }
  float gradient_norm() const { return norm_.to_vector<float>()[0]; }
  const Tensor& first() const { return first_; }
  const Tensor& second() const { return second_; }
  /// Puts back what `steps`, `first` and `second` gave; an empty `second` is zero.
  void restore(int64_t steps, const std::vector<float>& first, const std::vector<float>& second);

 private:
  ParameterSet& parameters_;
  OptimizerConfig config_;
  Tensor first_, second_, hyper_, norm_, segments_, decay_;
  int64_t steps_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/optimizer.inl.hpp>
#endif
