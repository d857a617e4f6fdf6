// The emulated device as a backend of the library.
#pragma once

#include <t2ue/core/backend.hpp>

namespace t2ue::emulation {

/// Where tensors of the emulated backend live.
Device device();

}  // namespace t2ue::emulation
