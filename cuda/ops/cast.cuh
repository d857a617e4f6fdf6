// Changes of type.
#pragma once

#include <t2ue/cuda/convert.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

void cast(const CastArgs& a, Stream stream) {
  convert(a.x.data, a.x.dtype, a.y.data, a.y.dtype, a.x.elements(), a.y.accumulate, stream);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
