// Mixing the pictures of a batch with one another.
#pragma once

#include <t2ue/core/mixup_partner.hpp>
#include <t2ue/cuda/pointwise.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// y[n] = share*x[n] + (1-share)*x[partner of n], N values a thread; `chunks` blocks an item.
template <int N, class T>
__global__ void __launch_bounds__(block_threads)
    mixup_kernel(int64_t count, int64_t size, unsigned chunks, const T* __restrict__ x,
                 const float* __restrict__ share, const int32_t* __restrict__ shift, bool transposed,
                 T* __restrict__ y, bool accumulate) {
  const unsigned n = blockIdx.x / chunks, chunk = blockIdx.x - n * chunks;
  const int64_t at = (static_cast<int64_t>(chunk) * block_threads + threadIdx.x) * N;
  if (at >= size) return;
  const float own = share[0], rest = 1.0f - own;
  float values[N], other[N];
  load_some(x, n * size + at, values);
  load_some(x, mixup_partner(n, shift[0], count, transposed) * size + at, other);
  for (int i = 0; i < N; ++i) values[i] = fmaf(own, values[i], rest * other[i]);
  store_some(y, n * size + at, values, accumulate);
}

/// The values of one item that a box {top, bottom, left, right} of its pixels covers.
struct CutBox {
  int64_t top, bottom, left, right;  // rows, and values within a row

  __device__ __forceinline__ bool holds(int64_t row, int64_t column) const {
    return row >= top && row < bottom && column >= left && column < right;
  }
};

/// y[n] = x[partner of n] within the box, x[n] outside; x [N,H,W,C] has rows of `row` = W*C values.
template <int N, class T>
__global__ void __launch_bounds__(block_threads)
    cutmix_kernel(int64_t count, int64_t size, int64_t row, int64_t channels, unsigned chunks,
                  const T* __restrict__ x, const int32_t* __restrict__ shift, const int32_t* __restrict__ box,
                  bool transposed, T* __restrict__ y, bool accumulate) {
  const unsigned n = blockIdx.x / chunks, chunk = blockIdx.x - n * chunks;
  const int64_t at = (static_cast<int64_t>(chunk) * block_threads + threadIdx.x) * N;
  if (at >= size) return;
  const CutBox cut{box[0], box[1], box[2] * channels, box[3] * channels};
  float values[N], other[N];
  load_some(x, n * size + at, values);
  load_some(x, mixup_partner(n, shift[0], count, transposed) * size + at, other);
  int64_t line = at / row, column = at - line * row;
  for (int i = 0; i < N; ++i) {
    if (cut.holds(line, column)) values[i] = other[i];
    if (++column == row) column = 0, ++line;
  }
  store_some(y, n * size + at, values, accumulate);
}

}  // namespace

void mixup(const MixupArgs& a, Stream stream) {
  const int64_t count = a.x.shape[0], size = a.x.elements() / count;
  with_type_of("mixup", a.x, [&]<class T>(T*) {
    const auto run = [&](auto width) {
      const unsigned chunks = blocks_for(size, block_threads * width);
      check(count * chunks < (int64_t{1} << 31), "mixup", "has CUDA kernels for up to 2^31 blocks, got ",
            a.x.shape);
      if (a.box)
        return launch("mixup", cutmix_kernel<width, T>, dim3(static_cast<unsigned>(count * chunks)),
                      dim3(block_threads), 0, stream, count, size, a.x.shape[2] * a.x.shape[3], a.x.shape[3],
                      chunks, a.x.as<const T>(), a.shift.i32(), a.box.i32(), a.transposed, a.y.as<T>(),
                      a.y.accumulate);
      launch("mixup", mixup_kernel<width, T>, dim3(static_cast<unsigned>(count * chunks)),
             dim3(block_threads), 0, stream, count, size, chunks, a.x.as<const T>(), a.share.f32(),
             a.shift.i32(), a.transposed, a.y.as<T>(), a.y.accumulate);
    };
    if (size % vector_width<T> == 0 && aligned({a.x.data, a.y.data}))
      run(std::integral_constant<int, vector_width<T>>{});
    else
      run(std::integral_constant<int, 1>{});
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
