// bfloat16: the upper half of a float, converted exactly and the same way everywhere.
#pragma once

#include <cstdint>

#include <t2ue/core/dtype.hpp>

/// Functions that kernels call as well: nvcc compiles them for both sides.
#if defined(__CUDACC__)
#define T2UE_HOST_DEVICE __host__ __device__
#else
#define T2UE_HOST_DEVICE
#endif

namespace t2ue {

/// A 16-bit float with the exponent of a 32-bit one and 8 bits of precision. Computes by way of float.
struct bf16 {
  uint16_t bits = 0;

  bf16() = default;
  /// Round to nearest, ties to even; NaN stays NaN.
  T2UE_HOST_DEVICE explicit constexpr bf16(float value) {
#if defined(__CUDA_ARCH__)
    if (!__builtin_is_constant_evaluated()) {  // one instruction; only a NaN's payload differs
      asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
      return;
    }
#endif
    const auto wide = __builtin_bit_cast(uint32_t, value);
    bits = (wide & 0x7fffffffu) > 0x7f800000u
               ? static_cast<uint16_t>((wide >> 16) | 0x40u)
               : static_cast<uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
  }
  T2UE_HOST_DEVICE explicit constexpr operator float() const {
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
  }
};
static_assert(sizeof(bf16) == 2);

/// Two numbers rounded to bf16, side by side as they lie in memory: `first` in the lower half.
T2UE_HOST_DEVICE constexpr uint32_t bf16_pair(float first, float second) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
    return pair;
  }
#endif
  return bf16(first).bits | static_cast<uint32_t>(bf16(second).bits) << 16;
}

template <>
struct dtype_of<bf16> {
  static constexpr DType value = DType::bf16;
};

}  // namespace t2ue
