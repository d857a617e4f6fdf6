// Point-wise non-linearities.
#pragma once

#include <t2ue/cuda/activate.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// y = activation(x) over `count` elements.
template <class T, int N>
__global__ void activation_kernel(int64_t count, Activation activation, const T* x, T* y) {
  for_elements<N>(count, [&]<int n>(int64_t i) {
    float values[n];
    load_some(x, i, values);
    activate(activation, values);
    store_some(y, i, values);
  });
}

}  // namespace

void activation(const ActivationArgs& a, Stream stream) {
  const int64_t count = a.x.elements();
  with_type_of("activation", a.x, [&]<class T>(T*) {
    constexpr int wide = vector_width<T>;
    const T* x = a.x.as<T>();
    T* y = a.y.as<T>();
    if (aligned({x, y}))
      launch("activation", activation_kernel<T, wide>, dim3(blocks_for_elements(count, wide)),
             dim3(block_threads), 0, stream, count, a.activation, x, y);
    else
      launch("activation", activation_kernel<T, 1>, dim3(blocks_for_elements(count, 1)), dim3(block_threads),
             0, stream, count, a.activation, x, y);
  });
}

void activation_grad(const ActivationGradArgs& a, Stream stream) {
  if (!a.dx.data) return;
  with_type_of("activation_grad", a.dy, [&]<class T>(T*) {
    launch_activation_grad("activation_grad", a.dy.elements(), a.activation, a.saved.as<const T>(),
                           a.dy.as<const T>(), a.dx.as<T>(), a.dx.accumulate, stream);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
