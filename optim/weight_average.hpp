// The moving average of a model's weights, which is what averaging recipes evaluate and publish.
#pragma once

#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/graph.hpp>
#include <t2ue/models/module.hpp>

namespace t2ue {

/// The exponential moving average of a ParameterSet's trained values: after every update
/// average = decay * average + (1 - decay) * value, in f32. Buffers (running statistics) are not averaged:
/// the averaged model has those of the trained one.
class WeightAverage {
 public:
  /// Starts at the values as they are. Error unless 0 < decay < 1.
  WeightAverage(ParameterSet& parameters, float decay);

  /// Makes the average what the values are now.
  void start() { values_.assign(parameters_.values().to_vector<float>()); }
  /// Appends its update to a graph, after that of the values.
  void record(Graph& g) { g.launch(EmaArgs{g.input(parameters_.values()), g.input(values_), decay_}); }
  /// Exchanges the values and their average: the model is the averaged one until the next call.
  void exchange();
  /// [P], laid out as ParameterSet::values.
  const Tensor& values() const { return values_; }
  /// Puts back what `values` held.
  void restore(const std::vector<float>& values) { values_.assign(values); }

 private:
  ParameterSet& parameters_;
  float decay_;
  Tensor values_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/optim/weight_average.inl.hpp>
#endif
