#pragma once

#include <t2ue/core/launch.hpp>

namespace t2ue {

namespace detail {

T2UE_INLINE void no_kernel(Launch& launch, const Kernels& kernels) {
  std::string views;
  launch.visit([&](const View& view, Access) { views += concat(" ", name_of(view.dtype), view.shape); });
  fail(launch.name(), "the ", kernels.name, " backend has no kernel for this op; its arguments were", views);
}

}  // namespace detail

}  // namespace t2ue
