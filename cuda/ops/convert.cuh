// The kernels of cuda/convert.hpp.
#pragma once

#include <algorithm>

#include <t2ue/cuda/convert.hpp>
#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace convert_kernels {

inline constexpr int threads = 256;

/// Width elements a thread; the pointers are aligned to Width elements where Width is not 1.
template <class From, class To, int Width>
__global__ void convert(const From* from, To* to, int64_t vectors, bool accumulate) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (i >= vectors) return;
  const auto in = reinterpret_cast<const Vector<From, Width>*>(from)[i];
  auto& out = reinterpret_cast<Vector<To, Width>*>(to)[i];
  Vector<To, Width> old;
  if (accumulate) old = out;
  Vector<To, Width> sum;
  for (int j = 0; j < Width; ++j) {
    const float value = static_cast<float>(in.at[j]);
    sum.at[j] = static_cast<To>(accumulate ? static_cast<float>(old.at[j]) + value : value);
  }
  out = sum;
}

template <class T, int Width>
__global__ void add_to_rows(T* y, const float* b, int64_t vectors, int64_t vectors_a_row) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * threads + threadIdx.x;
  if (i >= vectors) return;
  const float* bias = b + i % vectors_a_row * Width;
  auto& place = reinterpret_cast<Vector<T, Width>*>(y)[i];
  Vector<T, Width> values = place;
  for (int j = 0; j < Width; ++j) values.at[j] = static_cast<T>(static_cast<float>(values.at[j]) + bias[j]);
  place = values;
}

inline bool is_aligned(const void* pointer, size_t bytes) {
  return reinterpret_cast<uintptr_t>(pointer) % bytes == 0;
}

template <class From, class To>
void launch_convert(const From* from, To* to, int64_t count, bool accumulate, Stream stream) {
  constexpr int width = std::min(vector_width<From>, vector_width<To>);
  const bool wide = is_aligned(from, width * sizeof(From)) && is_aligned(to, width * sizeof(To));
  const int64_t vectors = wide ? count / width : 0, rest = count - vectors * width;
  if (vectors > 0)
    launch("convert", convert<From, To, width>, dim3(blocks_for(vectors, threads)), dim3(threads), 0, stream,
           from, to, vectors, accumulate);
  if (rest > 0)
    launch("convert", convert<From, To, 1>, dim3(blocks_for(rest, threads)), dim3(threads), 0, stream,
           from + vectors * width, to + vectors * width, rest, accumulate);
}

}  // namespace convert_kernels

void convert(const void* from, DType from_type, void* to, DType to_type, int64_t count, bool accumulate,
             Stream stream) {
  if (count == 0) return;
  View source, target;
  source.dtype = from_type, target.dtype = to_type;
  with_type_of("convert", source, [&](auto* from_tag) {
    with_type_of("convert", target, [&](auto* to_tag) {
      convert_kernels::launch_convert(static_cast<decltype(from_tag)>(const_cast<void*>(from)),
                                      static_cast<decltype(to_tag)>(to), count, accumulate, stream);
    });
  });
}

void add_to_rows(void* y, DType type, const float* b, int64_t rows, int64_t columns, Stream stream) {
  if (rows == 0 || columns == 0) return;
  View view;
  view.dtype = type;
  with_type_of("add_to_rows", view, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    using namespace convert_kernels;
    constexpr int width = vector_width<T>;
    const bool wide = columns % width == 0 && is_aligned(y, 16);
    const int64_t vectors = wide ? rows * columns / width : rows * columns;
    const dim3 grid(blocks_for(vectors, threads));
    T* out = static_cast<T*>(y);
    if (wide)
      launch("add_to_rows", convert_kernels::add_to_rows<T, width>, grid, dim3(threads), 0, stream, out, b,
             vectors, columns / width);
    else
      launch("add_to_rows", convert_kernels::add_to_rows<T, 1>, grid, dim3(threads), 0, stream, out, b,
             vectors, columns);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
