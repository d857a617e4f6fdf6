// Number formats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2ue {

/// Element types of tensors. `bf16` is stored as its 16 bits.
enum class DType : uint8_t { f32, bf16, i32, u8 };

constexpr size_t size_of(DType type) {
  return type == DType::f32 || type == DType::i32 ? 4 : type == DType::bf16 ? 2 : 1;
}

constexpr const char* name_of(DType type) {
  switch (type) {
    case DType::f32:
      return "f32";
    case DType::bf16:
      return "bf16";
    case DType::i32:
      return "i32";
    case DType::u8:
      return "u8";
  }
  return "?";
}

template <class T>
struct dtype_of;
template <>
struct dtype_of<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct dtype_of<int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct dtype_of<uint8_t> {
  static constexpr DType value = DType::u8;
};

}  // namespace t2ue
