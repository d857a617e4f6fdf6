#pragma once

#include <t2ue/core/tensor.hpp>

namespace t2ue {

T2UE_INLINE Tensor::Tensor(const Shape& shape, DType dtype, Device device) : device_(device) {
  const Backend& backend = backend_of(device);
  const size_t bytes = static_cast<size_t>(shape.elements()) * size_of(dtype);
  memory_ = std::shared_ptr<void>(backend.allocate(device, bytes),
                                  [&backend, device](void* memory) { backend.release(device, memory); });
  view_ = View{memory_.get(), shape, dtype, -1};
}

T2UE_INLINE Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  const std::vector<uint8_t> zero(static_cast<size_t>(shape.elements()) * size_of(dtype), 0);
  Tensor tensor(shape, dtype, device);
  tensor.copy_from(zero.data(), zero.size());
  return tensor;
}

T2UE_INLINE std::vector<float> Tensor::to_floats() const {
  if (dtype() == DType::f32) return to_vector<float>();
  const std::vector<bf16> narrow = to_vector<bf16>();
  std::vector<float> wide;
  wide.reserve(narrow.size());
  for (const bf16 value : narrow) wide.push_back(static_cast<float>(value));
  return wide;
}

T2UE_INLINE float Tensor::item() const {
  check(shape().elements() == 1, "tensor", "item() needs one element, the shape is ", shape());
  return to_vector<float>()[0];
}

T2UE_INLINE Tensor Tensor::slice(int64_t offset, const Shape& shape) const {
  check(offset >= 0 && offset + shape.elements() <= this->shape().elements(), "tensor", "slice ", shape,
        " at ", offset, " leaves a tensor of ", this->shape());
  Tensor part = *this;
  part.view_.data = view_.as<uint8_t>() + static_cast<size_t>(offset) * size_of(dtype());
  part.view_.shape = shape;
  return part;
}

T2UE_INLINE void Tensor::copy_from(const void* from, size_t bytes) {
  if (bytes > 0) backend_of(device_).copy(device_, data(), from, bytes);
}

}  // namespace t2ue
