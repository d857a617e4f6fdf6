// The warm start of a generator: before the bi-level rounds it learns a starting pattern for each of its
// conditions.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <t2ue/core/ops/add.hpp>
#include <t2ue/core/ops/linear.hpp>
#include <t2ue/core/ops/losses.hpp>
#include <t2ue/core/plan.hpp>
#include <t2ue/core/staged_copy.hpp>
#include <t2ue/models/generators/generator.hpp>
#include <t2ue/training/conditions.hpp>

namespace t2ue {

/// The patterns of Conditions::start, and which of them each item of a batch is to get.
class PatternCodebook {
 public:
  /// Error if there is not a pattern of the generator's size for every condition.
  PatternCodebook(const Conditions& conditions, const GeneratorConfig& generator, int64_t batch,
                  Device device)
      : patterns_({conditions.rows(), generator.output_size() * generator.output_size() * 3}, DType::f32,
                  device),
        rows_(Tensor::zeros({batch}, DType::i32, device)) {
    const int64_t values = patterns_.shape()[1];
    check(static_cast<int64_t>(conditions.start.size()) == conditions.rows() * values, "bilevel",
          "warm_steps want ", values, " signs for each of ", conditions.rows(),
          " conditions to start from, got ", conditions.start.size(),
          " in all; set warm_steps to 0 to start without");
    // The sum over a noise that agrees everywhere is 4.
    const float share = 4.0f / (static_cast<float>(values) * generator.bound.eps);
    std::vector<float> scaled;
    scaled.reserve(conditions.start.size());
    for (const float sign : conditions.start) scaled.push_back(share * sign);
    patterns_.assign(scaled);
  }

  /// What the next batch shows: items with the pattern of their row.
  void show(std::span<const int64_t> items, const Conditions& conditions) {
    const std::span<int32_t> rows = rows_in_.begin<int32_t>();
    for (size_t b = 0; b < items.size(); ++b) rows[b] = conditions.row_of_item[static_cast<size_t>(items[b])];
    rows_in_.commit();
  }

  /// Which pattern is it? The cross-entropy of the noise's agreement with every pattern, from -4 to 4: the
  /// scale leaves a gradient until the noise is at +-eps everywhere.  noise [B,S,S,3].
  Var loss(Graph& g, const Var& noise) {
    const Var patterns = g.input(patterns_);
    const Var flat = cast(noise, DType::f32).reshape({noise.shape()[0], patterns.shape()[1]});
    return cross_entropy(linear(flat, patterns), g.input(rows_));
  }

 private:
  Tensor patterns_, rows_;
  StagedCopy rows_in_{rows_};
};

/// Scales the last layer of a generator until its noise for `condition` [B,condition] and `latents`
/// [B,latent_shape] (absent where it draws none), as published (EvalMode), is `share` of eps on average, 0 <
/// share < 1. At +-eps the tanh has no gradient, so that training could move nothing; and what training
/// leaves below eps is budget not used.
inline void scale_noise(Generator& generator, ParameterSet& parameters, const Tensor& condition,
                        const Tensor& latents, float share, const Compute& compute) {
  Tensor output;
  Step step(
      [&](Graph& g) {
        const NoGrad no_grad(g);
        const EvalMode eval_mode(g);
        output = g.output(generator(g.input(condition), latents ? g.input(latents) : Var{}));
      },
      compute);
  step.run();
  const std::vector<float> raw = output.to_floats();
  const float bound = generator.config.bound.limiter == Limiter::clamp ? generator.config.bound.eps : 1.0f;
  const auto mean_share = [&](double scale) {
    double sum = 0;
    for (const float x : raw)
      sum += std::min(std::abs(std::tanh(scale * static_cast<double>(x))), static_cast<double>(bound));
    return sum / static_cast<double>(bound) / static_cast<double>(raw.size());
  };
  double low = 0, high = 1;
  while (mean_share(high) < static_cast<double>(share) && high < 1e6) high *= 2;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    (mean_share(middle) > static_cast<double>(share) ? high : low) = middle;
  }
  for (Parameter* parameter : generator.output_parameters()) {
    std::vector<float> values = parameter->value.to_vector<float>();
    for (float& value : values) value *= static_cast<float>(low);
    parameter->value.assign(values);
  }
  parameters.refresh_shadows();
}

}  // namespace t2ue
