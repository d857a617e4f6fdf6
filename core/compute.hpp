// Where and how models compute: what every trainer and every pass over data is told.
#pragma once

#include <t2ue/core/device.hpp>
#include <t2ue/core/kinds.hpp>

namespace t2ue {

/// Whether launches are collected for a plan, or run one by one as they are recorded.
enum class Execution : uint8_t { planned, eager };

/// The device, how launches run on it, and the precision of activations and matrix products.
struct Compute {
  Device device = {};
  Execution execution = Execution::planned;
  Precision precision = Precision::fp32;
};

}  // namespace t2ue
