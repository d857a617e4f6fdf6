#pragma once

#include <t2ue/training/noise_losses.hpp>

namespace t2ue {

T2UE_INLINE Var picture_outputs(Clip& model, const Var& pixels) {
  return model.encode_image(pixels);
}

}  // namespace t2ue
