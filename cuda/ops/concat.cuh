// Concatenation of maps along their channels.
#pragma once

#include <t2ue/cuda/pointwise.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// to[row, c] = (or +=) from[row, c] for c < columns, rows `pitch` elements apart. `lanes` threads share a
/// row, N columns each; blockIdx.x counts groups of rows, blockIdx.y stretches of columns.
template <int N, class T>
__global__ void __launch_bounds__(block_threads)
    copy_columns(int64_t rows, int64_t columns, int lanes, const T* __restrict__ from, int64_t from_pitch,
                 T* __restrict__ to, int64_t to_pitch, bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x) % lanes, level = static_cast<int>(threadIdx.x) / lanes;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * (block_threads / lanes) + level;
  const int64_t column = (static_cast<int64_t>(blockIdx.y) * lanes + lane) * N;
  if (row >= rows || column >= columns) return;
  float values[N];
  load_some(from, row * from_pitch + column, values);
  store_some(to, row * to_pitch + column, values, accumulate);
}

/// Launches it for a matrix whose elements are `columns` wide on both sides.
template <class T>
void copy_part(const char* name, int64_t rows, int64_t columns, const T* from, int64_t from_pitch, T* to,
               int64_t to_pitch, bool accumulate, Stream stream) {
  if (rows == 0 || columns == 0) return;
  const auto run = [&](auto width) {
    int lanes = 1;
    while (lanes < block_threads && lanes * width < columns) lanes *= 2;
    const int64_t across = (columns + lanes * width - 1) / (lanes * width),
                  down = (rows + block_threads / lanes - 1) / (block_threads / lanes);
    check(down < (int64_t{1} << 31) && across < (int64_t{1} << 16), name,
          "has CUDA kernels for fewer than 2^31 blocks of rows and 2^16 of channels, got ", rows, " rows of ",
          columns, "; use smaller batches");
    launch(name, copy_columns<width, T>, dim3(static_cast<unsigned>(down), static_cast<unsigned>(across)),
           dim3(block_threads), 0, stream, rows, columns, lanes, from, from_pitch, to, to_pitch, accumulate);
  };
  constexpr int whole = vector_width<T>;
  if (columns % whole == 0 && from_pitch % whole == 0 && to_pitch % whole == 0 && aligned({from, to}))
    run(std::integral_constant<int, whole>{});
  else
    run(std::integral_constant<int, 1>{});
}

}  // namespace

void concat_channels(const ConcatChannelsArgs& a, Stream stream) {
  with_type_of("concat_channels", a.y, [&]<class T>(T*) {
    T* y = a.y.as<T>();
    for (const View& part : a.parts) {
      if (!part.data) break;
      const int64_t own = part.shape.back();
      copy_part("concat_channels", part.shape.rows(), own, part.as<const T>(), own, y, a.y.shape.back(),
                false, stream);
      y += own;
    }
  });
}

/// One part after the other: two of them may be one gradient, to which the later one is added.
void concat_channels_grad(const ConcatChannelsGradArgs& a, Stream stream) {
  with_type_of("concat_channels_grad", a.dy, [&]<class T>(T*) {
    for (int i = 0; i < ConcatChannelsArgs::most; ++i) {
      const GradView& part = a.parts[i];
      if (!part.data) continue;
      const int64_t own = part.shape.back();
      copy_part("concat_channels_grad", part.shape.rows(), own, a.dy.as<const T>() + a.begins[i],
                a.dy.shape.back(), part.as<T>(), own, part.accumulate, stream);
    }
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
