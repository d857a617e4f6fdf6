// Tensors: handles on shared device memory.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <t2ue/core/backend.hpp>
#include <t2ue/core/bf16.hpp>
#include <t2ue/core/config.hpp>

namespace t2ue {

/// A contiguous tensor: shape, dtype, device. Copying the handle shares the memory.
class Tensor {
 public:
  Tensor() = default;

  /// Memory of that shape, its contents unspecified.
  explicit Tensor(const Shape& shape, DType dtype = DType::f32, Device device = {});

  static Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = {});

  /// A copy of `values`, whose number must be that of the shape.
  template <class T>
  static Tensor of(std::span<const T> values, const Shape& shape, Device device = {}) {
    Tensor tensor(shape, dtype_of<T>::value, device);
    tensor.assign(values);
    return tensor;
  }
  template <class T>
  static Tensor of(const std::vector<T>& values, const Shape& shape, Device device = {}) {
    return of(std::span<const T>(values), shape, device);
  }

  /// Overwrites the contents; type and number must match.
  template <class T>
  void assign(std::span<const T> values) {
    check(dtype_of<T>::value == dtype() && static_cast<int64_t>(values.size()) == shape().elements(),
          "tensor", "expected ", shape().elements(), " values of ", name_of(dtype()), ", got ", values.size(),
          " of ", name_of(dtype_of<T>::value));
    copy_from(values.data(), values.size_bytes());
  }
  template <class T>
  void assign(const std::vector<T>& values) {
    assign(std::span<const T>(values));
  }

  /// A copy of the contents on the host.
  template <class T>
  std::vector<T> to_vector() const {
    check(dtype_of<T>::value == dtype(), "tensor", "holds ", name_of(dtype()), ", asked for ",
          name_of(dtype_of<T>::value));
    std::vector<T> values(static_cast<size_t>(shape().elements()));
    if (!values.empty()) backend_of(device_).copy(device_, values.data(), data(), values.size() * sizeof(T));
    return values;
  }
  /// The contents of an f32 or bf16 tensor.
  std::vector<float> to_floats() const;
  /// The only element of an f32 tensor.
  float item() const;

  /// The same memory from element `offset` on, under another shape.
  Tensor slice(int64_t offset, const Shape& shape) const;

  const Shape& shape() const { return view_.shape; }
  DType dtype() const { return view_.dtype; }
  Device device() const { return device_; }
  void* data() const { return view_.data; }
  const View& view() const { return view_; }
  explicit operator bool() const { return view_.data != nullptr; }

 private:
  void copy_from(const void* from, size_t bytes);

  std::shared_ptr<void> memory_;
  View view_;
  Device device_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/tensor.inl.hpp>
#endif
