// Resizing maps. Forward, a thread makes some channels of an output pixel. Backward, it makes those of an
// input pixel: it gathers from the outputs that read it, always in the same order.
#pragma once

#include <t2ue/cuda/channels.cuh>
#include <t2ue/cuda/resample.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

constexpr int resize_threads = 256;

/// V neighbouring channels as floats; 3 of them, a picture's, are read one by one.
template <int V, class T>
__device__ __forceinline__ void read_pixel(const T* from, float (&to)[V]) {
  if constexpr (V == 3) {
    for (int i = 0; i < V; ++i) to[i] = load(from, i);
  } else {
    const Channels<T, V> channels = load_channels<V>(from);
    for (int i = 0; i < V; ++i) to[i] = channels[i];
  }
}
template <int V, class T>
__device__ __forceinline__ void write_pixel(T* to, const float (&from)[V], bool accumulate) {
  if constexpr (V == 3)
    for (int i = 0; i < V; ++i) store(to, i, from[i], accumulate);
  else
    put_channels<T, V>(to, from, accumulate);
}

/// The thread's place in a map whose rows the blocks of x take one by one: of its row `width` pixels, each of
/// `groups` groups of channels.
struct RowPlace {
  int64_t n;
  int row, column, group;
  bool inside;
};
__device__ __forceinline__ RowPlace row_place(int height, int width, int groups) {
  const unsigned n = blockIdx.x / static_cast<unsigned>(height);
  const unsigned item = blockIdx.y * blockDim.x + threadIdx.x, column = item / static_cast<unsigned>(groups);
  return {n, static_cast<int>(blockIdx.x - n * static_cast<unsigned>(height)), static_cast<int>(column),
          static_cast<int>(item - column * static_cast<unsigned>(groups)),
          column < static_cast<unsigned>(width)};
}

template <Taps kind>
struct ResizeMap {
  ResampleAxis<kind> rows, columns;
  int channels;
};

__device__ __forceinline__ float sigmoid_of(float x) {
  return 1.0f / (1.0f + expf(-x));
}

/// y = taps(x), or its sigmoid.
template <Taps kind, bool sigmoid, class T, int V>
__global__ void __launch_bounds__(resize_threads)
    resize_forward(ResizeMap<kind> map, const T* __restrict__ x, T* __restrict__ y) {
  const RowPlace place = row_place(map.rows.to, map.columns.to, map.channels / V);
  if (!place.inside) return;
  const int top = map.rows.first(place.row), left = map.columns.first(place.column);
  const int height = map.rows.count(place.row), width = map.columns.count(place.column);
  const int64_t channel = static_cast<int64_t>(place.group) * V;
  float sum[V] = {};
  for (int i = top; i < top + height; ++i) {
    const float across = map.rows.weight(place.row, i);
    const T* row = x + (place.n * map.rows.from + i) * map.columns.from * map.channels + channel;
    for (int j = left; j < left + width; ++j) {
      const float weight = across * map.columns.weight(place.column, j);
      float value[V];
      read_pixel<V>(row + static_cast<int64_t>(j) * map.channels, value);
      for (int c = 0; c < V; ++c) sum[c] = fmaf(weight, value[c], sum[c]);
    }
  }
  if constexpr (sigmoid)
    for (int c = 0; c < V; ++c) sum[c] = sigmoid_of(sum[c]);
  const int64_t pixel = (place.n * map.rows.to + place.row) * map.columns.to + place.column;
  write_pixel<V>(y + pixel * map.channels + channel, sum, false);
}

/// dx = transposed taps(dy), or of dy*y*(1-y) where y is a sigmoid's output.
template <Taps kind, bool sigmoid, class T, int V>
__global__ void __launch_bounds__(resize_threads)
    resize_backward(ResizeMap<kind> map, const T* __restrict__ dy, const T* __restrict__ y,
                    T* __restrict__ dx, bool accumulate) {
  const RowPlace place = row_place(map.rows.from, map.columns.from, map.channels / V);
  if (!place.inside) return;
  const OutputRange rows = map.rows.outputs(place.row), columns = map.columns.outputs(place.column);
  const int64_t channel = static_cast<int64_t>(place.group) * V;
  float sum[V] = {};
  for (int i = rows.begin; i < rows.end; i += rows.step) {
    const float across = map.rows.weight(i, place.row);
    if (across == 0.0f) continue;
    const int64_t row = (place.n * map.rows.to + i) * map.columns.to * map.channels + channel;
    for (int j = columns.begin; j < columns.end; j += columns.step) {
      const float weight = across * map.columns.weight(j, place.column);
      if (weight == 0.0f) continue;
      const int64_t at = row + static_cast<int64_t>(j) * map.channels;
      float value[V];
      read_pixel<V>(dy + at, value);
      if constexpr (sigmoid) {
        float out[V];
        read_pixel<V>(y + at, out);
        for (int c = 0; c < V; ++c) value[c] *= out[c] * (1.0f - out[c]);
      }
      for (int c = 0; c < V; ++c) sum[c] = fmaf(weight, value[c], sum[c]);
    }
  }
  const int64_t pixel = (place.n * map.rows.from + place.row) * map.columns.from + place.column;
  write_pixel<V>(dx + pixel * map.channels + channel, sum, accumulate);
}

/// Queues `kernel` with a thread for every `V` channels of every pixel of the map `to`.
template <Taps kind, class... Parameters, class... Args>
void launch_rows(const char* name, void (*kernel)(ResizeMap<kind>, Parameters...), const Shape& to, int V,
                 Stream stream, const ResizeMap<kind>& map, Args... args) {
  const int64_t items = to[2] * (to[3] / V);
  check(items < (int64_t{1} << 24), name, "has CUDA kernels for rows of up to 2^24 values, got ", to);
  const int64_t threads = items < resize_threads ? (items + 31) / 32 * 32 : resize_threads;
  launch(name, kernel, dim3(static_cast<unsigned>(to[0] * to[1]), blocks_for(items, threads)),
         dim3(static_cast<unsigned>(threads)), 0, stream, map, args...);
}

template <Taps kind>
ResizeMap<kind> resize_map(const char* name, const Shape& from, const Shape& to) {
  return {resample_axis<kind>(name, from[1], to[1]), resample_axis<kind>(name, from[2], to[2]),
          static_cast<int>(from[3])};
}

/// Calls f with the number of channels a thread takes: 3 for pictures, as many as fit 16 bytes, or 1.
template <class T, class F>
void with_pixel_width(int64_t channels, std::initializer_list<const void*> addresses, F&& f) {
  if (channels == 3) return f(std::integral_constant<int, 3>{});
  with_channel_width<T>(channels, addresses, [&](auto width) {
    f(std::integral_constant < int, width == vector_width<T> ? vector_width<T> : 1 > {});
  });
}

template <class F>
void with_taps(Resampler resampler, F&& f) {
  switch (resampler) {
    case Resampler::nearest:
      return f.template operator()<Taps::nearest>();
    case Resampler::bilinear:
      return f.template operator()<Taps::bilinear>();
    case Resampler::area:
      return f.template operator()<Taps::area>();
    case Resampler::tile:
      return f.template operator()<Taps::tile>();
    case Resampler::bicubic:
      return f.template operator()<Taps::bicubic>();
  }
}

}  // namespace

void resize(const ResizeArgs& a, Stream stream) {
  with_type_of("resize", a.x, [&]<class T>(T*) {
    with_taps(a.resampler, [&]<Taps kind>() {
      with_pixel_width<T>(a.x.shape[3], {a.x.data, a.y.data}, [&](auto width) {
        launch_rows("resize", resize_forward<kind, false, T, width>, a.y.shape, width, stream,
                    resize_map<kind>("resize", a.x.shape, a.y.shape), a.x.as<const T>(), a.y.as<T>());
      });
    });
  });
}

void resize_grad(const ResizeGradArgs& a, Stream stream) {
  with_type_of("resize_grad", a.dy, [&]<class T>(T*) {
    with_taps(a.resampler, [&]<Taps kind>() {
      with_pixel_width<T>(a.dy.shape[3], {a.dy.data, a.dx.data}, [&](auto width) {
        launch_rows("resize_grad", resize_backward<kind, false, T, width>, a.dx.shape, width, stream,
                    resize_map<kind>("resize_grad", a.dx.shape, a.dy.shape), a.dy.as<const T>(),
                    static_cast<const T*>(nullptr), a.dx.as<T>(), a.dx.accumulate);
      });
    });
  });
}

void mask_sigmoid(const MaskSigmoidArgs& a, Stream stream) {
  with_type_of("mask_sigmoid", a.x, [&]<class T>(T*) {
    launch_rows("mask_sigmoid", resize_forward<Taps::aligned, true, T, 1>, a.y.shape, 1, stream,
                resize_map<Taps::aligned>("mask_sigmoid", a.x.shape, a.y.shape), a.x.as<const T>(),
                a.y.as<T>());
  });
}

void mask_sigmoid_grad(const MaskSigmoidGradArgs& a, Stream stream) {
  with_type_of("mask_sigmoid_grad", a.dy, [&]<class T>(T*) {
    launch_rows("mask_sigmoid_grad", resize_backward<Taps::aligned, true, T, 1>, a.dx.shape, 1, stream,
                resize_map<Taps::aligned>("mask_sigmoid_grad", a.dx.shape, a.dy.shape), a.dy.as<const T>(),
                a.y.as<const T>(), a.dx.as<T>(), a.dx.accumulate);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
