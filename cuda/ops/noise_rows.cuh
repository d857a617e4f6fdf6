// Noise kept in a table: gathering the rows of a batch, and the signed-gradient step on them.
#pragma once

#include <t2ue/cuda/pixels.cuh>
#include <t2ue/cuda/pointwise.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// Which place of the batch a block works on, and where in it: `chunks` blocks a place, one value a thread.
struct PlaceInBatch {
  unsigned place;
  int64_t at;

  __device__ __forceinline__ explicit PlaceInBatch(unsigned chunks)
      : place(blockIdx.x / chunks),
        at(static_cast<int64_t>(blockIdx.x - place * chunks) * block_threads + threadIdx.x) {}
};

__global__ void __launch_bounds__(block_threads)
    gather_rows_kernel(int64_t size, unsigned chunks, const float* __restrict__ table,
                       const int32_t* __restrict__ rows, float* __restrict__ y) {
  const PlaceInBatch here(chunks);
  if (here.at >= size) return;
  const int32_t row = rows[here.place];
  y[here.place * size + here.at] = row < 0 ? 0.0f : table[row * size + here.at];
}

__device__ __forceinline__ float noise_pixel(uint8_t value) {
  return __fmul_rn(static_cast<float>(value), 1.0f / 255.0f);
}
__device__ __forceinline__ float noise_pixel(float value) {
  return value;
}

/// The first place that shows a row does the row's work, in the order of the places: the same bits always.
template <class Pixel>
__global__ void __launch_bounds__(block_threads)
    sign_step_kernel(int64_t size, unsigned places, unsigned chunks, const int32_t* __restrict__ rows,
                     const float* __restrict__ grad, const Pixel* __restrict__ picture, float step,
                     float limit, float* __restrict__ table) {
  const PlaceInBatch here(chunks);
  if (here.at >= size) return;
  const int64_t row = rows ? rows[here.place] : static_cast<int64_t>(here.place);
  if (row < 0) return;
  if (rows)
    for (unsigned before = 0; before < here.place; ++before)
      if (rows[before] == row) return;
  const float from = table[row * size + here.at];
  float sum = 0.0f, count = 0.0f;
  for (unsigned other = here.place; other < (rows ? places : here.place + 1); ++other) {
    if (rows && rows[other] != row) continue;
    const int64_t at = other * size + here.at;
    const float g = grad[at], sign = g > 0.0f ? 1.0f : g < 0.0f ? -1.0f : 0.0f;
    float value = clamped(from + step * sign, -limit, limit);
    if (picture) {
      const float pixel = noise_pixel(picture[at]);
      value = clamped(value, -pixel, 1.0f - pixel);
    }
    sum += value;
    count += 1.0f;
  }
  table[row * size + here.at] = sum / count;
}

/// Blocks for `places` of `size` values each.
unsigned chunks_of(const char* name, int64_t places, int64_t size) {
  const unsigned chunks = blocks_for(size, block_threads);
  check(places * chunks < (int64_t{1} << 31), name, "has CUDA kernels for up to 2^31 blocks, got ", places,
        " places of ", size, " values");
  return chunks;
}

}  // namespace

void gather_rows(const GatherRowsArgs& a, Stream stream) {
  const int64_t places = a.y.shape[0], size = a.y.elements() / places;
  const unsigned chunks = chunks_of("gather_rows", places, size);
  launch("gather_rows", gather_rows_kernel, dim3(static_cast<unsigned>(places) * chunks), dim3(block_threads),
         0, stream, size, chunks, a.table.f32(), a.rows.i32(), a.y.f32());
}

void sign_step(const SignStepArgs& a, Stream stream) {
  const int64_t places = a.grad.shape[0], size = a.grad.elements() / places;
  const unsigned chunks = chunks_of("sign_step", places, size);
  const auto run = [&]<class Pixel>(const Pixel* picture) {
    launch("sign_step", sign_step_kernel<Pixel>, dim3(static_cast<unsigned>(places) * chunks),
           dim3(block_threads), 0, stream, size, static_cast<unsigned>(places), chunks, a.rows.i32(),
           a.grad.f32(), picture, a.step, a.limit, a.table.f32());
  };
  check(!a.picture.data || a.picture.dtype == DType::u8 || a.picture.dtype == DType::f32, "sign_step",
        "a picture is u8 or f32, got ", name_of(a.picture.dtype));
  if (a.picture.data && a.picture.dtype == DType::u8)
    run(a.picture.as<const uint8_t>());
  else
    run(a.picture.as<const float>());
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
