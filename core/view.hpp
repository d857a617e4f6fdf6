// What kernels see of a tensor: address, shape and type.
#pragma once

#include <t2ue/core/dtype.hpp>
#include <t2ue/core/shape.hpp>

namespace t2ue {

/// A contiguous tensor in someone else's memory. While a graph is recorded `data` is null and `value` names
/// the graph's value; the planner fills in the address. A view that is neither is absent: an optional
/// argument left out.
struct View {
  void* data = nullptr;
  Shape shape;
  DType dtype = DType::f32;
  int32_t value = -1;

  explicit operator bool() const { return data != nullptr || value >= 0; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  float* f32() const { return static_cast<float*>(data); }
  const int32_t* i32() const { return static_cast<const int32_t*>(data); }
  int64_t elements() const { return shape.elements(); }
};

/// A gradient to be written: the first contribution overwrites, later ones accumulate. Absent if not needed.
struct GradView : View {
  bool accumulate = false;
};

}  // namespace t2ue
