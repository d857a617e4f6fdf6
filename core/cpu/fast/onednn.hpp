// oneDNN's matrix product and convolution in the slots where plain loops are slow.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

/// Replaces linear, conv2d and their gradients in `kernels`.
void use_onednn(Kernels& kernels);

}  // namespace t2ue::cpu

#if !T2UE_COMPILED && T2UE_FAST_CPU
#include <t2ue/core/cpu/fast/onednn.inl.hpp>
#endif
