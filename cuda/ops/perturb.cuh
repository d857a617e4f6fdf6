// Pictures plus perturbation, and what victims do to pictures, each in one pass.
#pragma once

#include <t2ue/core/augment_geometry.hpp>
#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

constexpr int picture_threads = 256;

/// A mean and a deviation a channel. Plain members: an array that is indexed at run time would live in
/// memory.
struct PixelScale {
  float mean0, mean1, mean2, std0, std1, std2;

  __device__ __forceinline__ float mean(unsigned c) const { return c == 0 ? mean0 : c == 1 ? mean1 : mean2; }
  __device__ __forceinline__ float std(unsigned c) const { return c == 0 ? std0 : c == 1 ? std1 : std2; }
};

PixelScale pixel_scale(const float* mean, const float* std) {
  return {mean ? mean[0] : 0, mean ? mean[1] : 0, mean ? mean[2] : 0, std[0], std[1], std[2]};
}

/// Keeps NaN.
__device__ __forceinline__ float clamped(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

/// Products in front of a sum are rounded by themselves (__fmul_rn), never fused with it: pixels are compared
/// and rounded, and the CPU must come to the same side.
struct Limit {
  Limiter limiter;
  float eps;

  __device__ __forceinline__ float value(float raw) const {
    if (limiter == Limiter::none) return raw;
    const float t = tanhf(raw);
    return limiter == Limiter::tanh_scale ? __fmul_rn(eps, t) : clamped(t, -eps, eps);
  }
  __device__ __forceinline__ float slope(float raw) const {
    if (limiter == Limiter::none) return 1.0f;
    const float t = tanhf(raw), slope = 1.0f - t * t;
    if (limiter == Limiter::tanh_scale) return eps * slope;
    return fabsf(t) <= eps ? slope : 0.0f;
  }
};

/// Elements that a thread takes, one access for each tensor.
constexpr int perturb_width = 4;
template <class T>
using Four = Vector<T, perturb_width>;

/// Elements [first, first + 4) where all of them exist and may be read at once, or those of them that exist.
template <class T>
__device__ __forceinline__ Four<T> load_four(const T* from, int64_t first, int64_t count, bool whole) {
  if (whole) return *reinterpret_cast<const Four<T>*>(from + first);
  Four<T> four{};
  for (int j = 0; j < perturb_width; ++j)
    if (first + j < count) four.at[j] = from[first + j];
  return four;
}
template <class T>
__device__ __forceinline__ void put_four(T* to, int64_t first, int64_t count, bool whole,
                                         const float (&values)[perturb_width], bool accumulate = false) {
  if (!whole) {
    for (int j = 0; j < perturb_width; ++j)
      if (first + j < count) store(to, first + j, values[j], accumulate);
    return;
  }
  Four<T> four{};
  if (accumulate) four = *reinterpret_cast<const Four<T>*>(to + first);
  for (int j = 0; j < perturb_width; ++j) store(four.at, j, values[j], accumulate);
  *reinterpret_cast<Four<T>*>(to + first) = four;
}

/// A pixel in [0,1].
__device__ __forceinline__ float pixel_of(uint8_t value) {
  return __fmul_rn(static_cast<float>(value), 1.0f / 255.0f);
}
__device__ __forceinline__ float pixel_of(float value) {
  return value;
}

template <class Image, class Raw, class Out>
__global__ void __launch_bounds__(picture_threads)
    perturb_pixels(int64_t count, bool aligned, const Image* __restrict__ image, const Raw* __restrict__ raw,
                   Out* __restrict__ y, Limit limit, bool quantise, PixelScale scale) {
  const int64_t group = static_cast<int64_t>(blockIdx.x) * picture_threads + threadIdx.x;
  const int64_t first = group * perturb_width;
  if (first >= count) return;
  const bool whole = aligned && first + perturb_width <= count;
  Four<Image> pixels{};
  Four<Raw> changes{};
  if (image) pixels = load_four(image, first, count, whole);
  if (raw) changes = load_four(raw, first, count, whole);
  auto channel = static_cast<unsigned>(first % 3);
  float out[perturb_width];
  for (int j = 0; j < perturb_width; ++j) {
    float value = raw ? limit.value(load(changes.at, j)) : 0.0f;
    if (image) value = clamped(pixel_of(pixels.at[j]) + value, 0.0f, 1.0f);
    if (quantise) value = rintf(value * 255.0f) * (1.0f / 255.0f);
    out[j] = (value - scale.mean(channel)) / scale.std(channel);
    channel = channel == 2 ? 0 : channel + 1;
  }
  put_four(y, first, count, whole, out);
}

template <class Image, class Raw, class Out>
__global__ void __launch_bounds__(picture_threads)
    perturb_pixels_grad(int64_t count, bool aligned, const Image* __restrict__ image,
                        const Raw* __restrict__ raw, const Out* __restrict__ dy, Raw* __restrict__ draw,
                        bool accumulate, Limit limit, PixelScale scale) {
  const int64_t group = static_cast<int64_t>(blockIdx.x) * picture_threads + threadIdx.x;
  const int64_t first = group * perturb_width;
  if (first >= count) return;
  const bool whole = aligned && first + perturb_width <= count;
  Four<Image> pixels{};
  if (image) pixels = load_four(image, first, count, whole);
  const Four<Raw> changes = load_four(raw, first, count, whole);
  const Four<Out> gradients = load_four(dy, first, count, whole);
  auto channel = static_cast<unsigned>(first % 3);
  float out[perturb_width];
  for (int j = 0; j < perturb_width; ++j) {
    const float change = load(changes.at, j);
    float slope = limit.slope(change) / scale.std(channel);
    if (image) {
      const float sum = pixel_of(pixels.at[j]) + limit.value(change);
      if (sum < 0.0f || sum > 1.0f) slope = 0.0f;
    }
    out[j] = load(gradients.at, j) * slope;
    channel = channel == 2 ? 0 : channel + 1;
  }
  put_four(draw, first, count, whole, out, accumulate);
}

/// Calls f with null pointers of the types of picture (u8 or f32), perturbation and result.
template <class F>
void with_picture_types(const char* where, const View& image, const View& raw, const View& result, F&& f) {
  with_type_of(where, raw, [&]<class Raw>(Raw* r) {
    with_type_of(where, result, [&]<class Out>(Out* o) {
      if (image.data && image.dtype == DType::u8) return f(static_cast<uint8_t*>(nullptr), r, o);
      check(!image.data || image.dtype == DType::f32, where, "a picture is u8 or f32, got ",
            name_of(image.dtype));
      f(static_cast<float*>(nullptr), r, o);
    });
  });
}

bool all_aligned(std::initializer_list<const void*> addresses) {
  for (const void* address : addresses)
    if (reinterpret_cast<uintptr_t>(address) % 16 != 0) return false;
  return true;
}

/// How the pictures of a batch are spread over blocks: `chunks` of them a picture.
struct PictureGrid {
  int height, width, chunks;
};

/// Geometry of picture n, drawn by one thread for the whole block. `shared`: 4 floats.
template <class Draw>
__device__ __forceinline__ AugmentGeometry block_geometry(const Draw& draw, const PictureGrid& grid,
                                                          unsigned n, float* shared) {
  if (threadIdx.x == 0) {
    const unsigned batch = gridDim.x / static_cast<unsigned>(grid.chunks);
    const uint64_t item = static_cast<uint64_t>(static_cast<uint32_t>(draw.counter[0])) * batch + n;
    const AugmentGeometry g =
        augment_geometry(draw.seed, item, grid.height, grid.width, draw.min_area, draw.flip, draw.shift);
    shared[0] = g.scale_y, shared[1] = g.offset_y, shared[2] = g.scale_x, shared[3] = g.offset_x;
  }
  T2UE_SYNC_BLOCK();
  return {shared[0], shared[1], shared[2], shared[3]};
}

struct Draw {
  const int32_t* counter;
  uint64_t seed;
  float min_area;
  bool flip;
  int shift;
};
template <class Args>
Draw draw_of(const Args& a) {
  return {a.counter.i32(), a.seed, a.min_area, a.flip, a.shift};
}

/// The two inputs that a coordinate mixes, and the share of the second.
struct Mix {
  int low, high;
  float share;

  __device__ __forceinline__ Mix(float at, int size) {
    const float inside = clamped(at, 0.0f, static_cast<float>(size - 1));
    low = static_cast<int>(inside);
    high = low + 1 < size ? low + 1 : size - 1;
    share = inside - static_cast<float>(low);
  }
  __device__ __forceinline__ float weight(int k) const {
    return (low == k ? 1.0f - share : 0.0f) + (high == k ? share : 0.0f);
  }
};

/// The block's picture and the thread's pixel in it.
struct PicturePixel {
  unsigned n;
  int row, column;
  bool inside;

  __device__ __forceinline__ explicit PicturePixel(const PictureGrid& grid) {
    n = blockIdx.x / static_cast<unsigned>(grid.chunks);
    const unsigned chunk = blockIdx.x - n * static_cast<unsigned>(grid.chunks);
    const unsigned pixel = chunk * picture_threads + threadIdx.x, width = static_cast<unsigned>(grid.width);
    row = static_cast<int>(pixel / width);
    column = static_cast<int>(pixel - static_cast<unsigned>(row) * width);
    inside = row < grid.height;
  }
};

template <class T>
__global__ void __launch_bounds__(picture_threads)
    augment_pictures(PictureGrid grid, Draw draw, const T* __restrict__ x, T* __restrict__ y,
                     PixelScale scale) {
  T2UE_SHARED(float, shared, 4);
  const PicturePixel pixel(grid);
  const AugmentGeometry g = block_geometry(draw, grid, pixel.n, shared);
  if (!pixel.inside) return;
  const Mix down(augment_coordinate(g.scale_y, g.offset_y, pixel.row), grid.height);
  const Mix across(augment_coordinate(g.scale_x, g.offset_x, pixel.column), grid.width);
  const int64_t picture = static_cast<int64_t>(pixel.n) * grid.height * grid.width;
  const int64_t rows[2] = {picture + down.low * grid.width, picture + down.high * grid.width};
  const int64_t corners[4] = {rows[0] + across.low, rows[0] + across.high, rows[1] + across.low,
                              rows[1] + across.high};
  const float weights[4] = {(1 - down.share) * (1 - across.share), (1 - down.share) * across.share,
                            down.share * (1 - across.share), down.share * across.share};
  const int64_t to = (picture + pixel.row * grid.width + pixel.column) * 3;
  for (unsigned c = 0; c < 3; ++c) {
    float value = 0.0f;
    for (int k = 0; k < 4; ++k) value = fmaf(weights[k], load(x, corners[k] * 3 + c), value);
    store(y, to + c, (value - scale.mean(c)) / scale.std(c));
  }
}

/// The outputs whose coordinates lie within one pixel of input k, or beyond the edge where k is an edge;
/// perhaps one too many at either end. Both ends included.
struct Reach {
  int begin, end;

  __device__ __forceinline__ Reach(float scale, float offset, int k, int size) {
    const float last = static_cast<float>(size - 1), at = static_cast<float>(k);
    const float below = (at - 1.0f - offset) / scale, above = (at + 1.0f - offset) / scale;
    const bool first_edge = scale > 0.0f ? k == 0 : k == size - 1;
    const bool last_edge = scale > 0.0f ? k == size - 1 : k == 0;
    const float low = scale > 0.0f ? below : above, high = scale > 0.0f ? above : below;
    begin = first_edge ? 0 : static_cast<int>(ceilf(clamped(low - 0.5f, 0.0f, last + 1.0f)));
    end = last_edge ? size - 1 : static_cast<int>(floorf(clamped(high + 0.5f, -1.0f, last)));
  }
};

/// An input pixel gathers from the outputs that read it, row by row.
template <class T>
__global__ void __launch_bounds__(picture_threads)
    augment_pictures_grad(PictureGrid grid, Draw draw, const T* __restrict__ dy, T* __restrict__ dx,
                          bool accumulate, PixelScale scale) {
  T2UE_SHARED(float, shared, 4);
  const PicturePixel pixel(grid);
  const AugmentGeometry g = block_geometry(draw, grid, pixel.n, shared);
  if (!pixel.inside) return;
  const Reach rows(g.scale_y, g.offset_y, pixel.row, grid.height);
  const Reach columns(g.scale_x, g.offset_x, pixel.column, grid.width);
  const int64_t picture = static_cast<int64_t>(pixel.n) * grid.height * grid.width;
  float sum[3] = {};
  for (int h = rows.begin; h <= rows.end; ++h) {
    const float down = Mix(augment_coordinate(g.scale_y, g.offset_y, h), grid.height).weight(pixel.row);
    if (down == 0.0f) continue;
    for (int w = columns.begin; w <= columns.end; ++w) {
      const float across = Mix(augment_coordinate(g.scale_x, g.offset_x, w), grid.width).weight(pixel.column);
      if (across == 0.0f) continue;
      const int64_t from = (picture + static_cast<int64_t>(h) * grid.width + w) * 3;
      for (int c = 0; c < 3; ++c) sum[c] = fmaf(down * across, load(dy, from + c), sum[c]);
    }
  }
  const int64_t to = (picture + pixel.row * grid.width + pixel.column) * 3;
  for (unsigned c = 0; c < 3; ++c) store(dx, to + c, sum[c] / scale.std(c), accumulate);
}

PictureGrid picture_grid(const char* where, const Shape& shape) {
  const int64_t pixels = shape[1] * shape[2];
  check(pixels < (int64_t{1} << 28), where, "has CUDA kernels for pictures below 2^28 pixels, got ", shape);
  return {static_cast<int>(shape[1]), static_cast<int>(shape[2]),
          static_cast<int>(blocks_for(pixels, picture_threads))};
}

}  // namespace

void perturb(const PerturbArgs& a, Stream stream) {
  const int64_t count = a.y.elements();
  const bool aligned = all_aligned({a.image.data, a.raw.data, a.y.data});
  with_picture_types("perturb", a.image, a.raw, a.y,
                     [&]<class Image, class Raw, class Out>(Image*, Raw*, Out*) {
                       launch("perturb", perturb_pixels<Image, Raw, Out>,
                              dim3(blocks_for(count, picture_threads * perturb_width)), dim3(picture_threads),
                              0, stream, count, aligned, a.image.as<const Image>(), a.raw.as<const Raw>(),
                              a.y.as<Out>(), Limit{a.limiter, a.eps}, a.quantise, pixel_scale(a.mean, a.std));
                     });
}

void perturb_grad(const PerturbGradArgs& a, Stream stream) {
  const int64_t count = a.dy.elements();
  const bool aligned = all_aligned({a.image.data, a.raw.data, a.dy.data, a.draw.data});
  check(a.draw.dtype == a.raw.dtype, "perturb_grad", "a perturbation and its gradient have one type, got ",
        name_of(a.raw.dtype), " and ", name_of(a.draw.dtype));
  with_picture_types(
      "perturb_grad", a.image, a.raw, a.dy, [&]<class Image, class Raw, class Out>(Image*, Raw*, Out*) {
        launch("perturb_grad", perturb_pixels_grad<Image, Raw, Out>,
               dim3(blocks_for(count, picture_threads * perturb_width)), dim3(picture_threads), 0, stream,
               count, aligned, a.image.as<const Image>(), a.raw.as<const Raw>(), a.dy.as<const Out>(),
               a.draw.as<Raw>(), a.draw.accumulate, Limit{a.limiter, a.eps}, pixel_scale(nullptr, a.std));
      });
}

void augment(const AugmentArgs& a, Stream stream) {
  const PictureGrid grid = picture_grid("augment", a.x.shape);
  with_type_of("augment", a.x, [&]<class T>(T*) {
    launch("augment", augment_pictures<T>, dim3(static_cast<unsigned>(a.x.shape[0] * grid.chunks)),
           dim3(picture_threads), 0, stream, grid, draw_of(a), a.x.as<const T>(), a.y.as<T>(),
           pixel_scale(a.mean, a.std));
  });
}

void augment_grad(const AugmentGradArgs& a, Stream stream) {
  const PictureGrid grid = picture_grid("augment_grad", a.dx.shape);
  with_type_of("augment_grad", a.dy, [&]<class T>(T*) {
    launch("augment_grad", augment_pictures_grad<T>, dim3(static_cast<unsigned>(a.dx.shape[0] * grid.chunks)),
           dim3(picture_threads), 0, stream, grid, draw_of(a), a.dy.as<const T>(), a.dx.as<T>(),
           a.dx.accumulate, pixel_scale(nullptr, a.std));
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
