#pragma once

#include <t2ue/optim/weight_average.hpp>

namespace t2ue {

T2UE_INLINE WeightAverage::WeightAverage(ParameterSet& parameters, float decay)
    : parameters_(parameters),
      decay_(decay),
      values_(parameters.values().shape(), DType::f32, parameters.device()) {
  check(decay > 0.0f && decay < 1.0f, "average", "the decay must lie between 0 and 1, is ", decay);
  start();
}

T2UE_INLINE void WeightAverage::exchange() {
  Tensor values = parameters_.values();
  const std::vector<float> trained = values.to_vector<float>();
  values.assign(values_.to_vector<float>());
  values_.assign(trained);
  parameters_.refresh_shadows();
}

}  // namespace t2ue
