// Augmentation in one pass. Forward, a thread makes an output pixel. Backward, a thread makes the gradient of
// an input pixel: it gathers from the outputs that read it, always in the same order.
#pragma once

#include <t2ue/core/augment_draw.hpp>
#include <t2ue/cuda/pixels.cuh>
#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// How the pictures of a batch are spread over blocks: `chunks` of them a picture.
struct PictureGrid {
  int height, width, chunks;
};

struct Draw {
  const int32_t* counter;
  AugmentOptions options;
};

/// What picture n gets, drawn by one thread for the whole block.
__device__ __forceinline__ const AugmentDraw& block_draw(const Draw& draw, const PictureGrid& grid,
                                                         unsigned n, AugmentDraw* shared) {
  if (threadIdx.x == 0) {
    const unsigned batch = gridDim.x / static_cast<unsigned>(grid.chunks);
    *shared = augment_draw(draw.options, draw.counter[0], batch, n, grid.height, grid.width);
  }
  T2UE_SYNC_BLOCK();
  return *shared;
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
                     uint8_t* __restrict__ kept, PixelScale scale) {
  T2UE_SHARED(AugmentDraw, shared, 1);
  const PicturePixel pixel(grid);
  const AugmentDraw& drawn = block_draw(draw, grid, pixel.n, shared);
  const AugmentGeometry g = drawn.geometry;
  if (!pixel.inside) return;
  const Mix down(augment_coordinate(g.scale_y, g.offset_y, pixel.row), grid.height);
  const Mix across(augment_coordinate(g.scale_x, g.offset_x, pixel.column), grid.width);
  const int64_t picture = static_cast<int64_t>(pixel.n) * grid.height * grid.width;
  const int64_t rows[2] = {picture + down.low * grid.width, picture + down.high * grid.width};
  const int64_t corners[4] = {rows[0] + across.low, rows[0] + across.high, rows[1] + across.low,
                              rows[1] + across.high};
  const float weights[4] = {(1 - down.share) * (1 - across.share), (1 - down.share) * across.share,
                            down.share * (1 - across.share), down.share * across.share};
  const int64_t to = picture + pixel.row * grid.width + pixel.column;
  float rgb[3] = {};
  for (int c = 0; c < 3; ++c)
    for (int k = 0; k < 4; ++k) rgb[c] = fmaf(weights[k], load(x, corners[k] * 3 + c), rgb[c]);
  const unsigned free = draw.options.changes_colours() ? change_colour(drawn.colour, rgb) : 7u;
  const bool cut = drawn.cutout.holds(pixel.row, pixel.column);
  if (kept) kept[to] = static_cast<uint8_t>(cut ? 0u : free);
  for (unsigned c = 0; c < 3; ++c) store(y, to * 3 + c, cut ? 0.0f : (rgb[c] - scale.mean(c)) / scale.std(c));
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
    augment_pictures_grad(PictureGrid grid, Draw draw, const T* __restrict__ dy,
                          const uint8_t* __restrict__ kept, T* __restrict__ dx, bool accumulate,
                          PixelScale scale) {
  T2UE_SHARED(AugmentDraw, shared, 1);
  const PicturePixel pixel(grid);
  const AugmentDraw& drawn = block_draw(draw, grid, pixel.n, shared);
  const AugmentGeometry g = drawn.geometry;
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
      const int64_t from = picture + static_cast<int64_t>(h) * grid.width + w;
      const unsigned free = kept ? kept[from] : 7u;
      for (int c = 0; c < 3; ++c)
        if (free >> c & 1u) sum[c] = fmaf(down * across, load(dy, from * 3 + c), sum[c]);
    }
  }
  for (unsigned c = 0; c < 3; ++c) sum[c] /= scale.std(c);
  // One map for the whole picture, so it may come after the sum over outputs.
  if (draw.options.changes_colours()) change_colour_grad(drawn.colour, sum);
  const int64_t to = (picture + pixel.row * grid.width + pixel.column) * 3;
  for (int c = 0; c < 3; ++c) store(dx, to + c, sum[c], accumulate);
}

PictureGrid picture_grid(const char* where, const Shape& shape) {
  const int64_t pixels = shape[1] * shape[2];
  check(pixels < (int64_t{1} << 28), where, "has CUDA kernels for pictures below 2^28 pixels, got ", shape);
  return {static_cast<int>(shape[1]), static_cast<int>(shape[2]),
          static_cast<int>(blocks_for(pixels, picture_threads))};
}

PixelScale scale_of(const PixelNorm& norm) {
  return pixel_scale(norm.mean.data(), norm.std.data());
}

}  // namespace

void augment(const AugmentArgs& a, Stream stream) {
  const PictureGrid grid = picture_grid("augment", a.x.shape);
  with_type_of("augment", a.x, [&]<class T>(T*) {
    launch("augment", augment_pictures<T>, dim3(static_cast<unsigned>(a.x.shape[0] * grid.chunks)),
           dim3(picture_threads), 0, stream, grid, Draw{a.counter.i32(), a.options}, a.x.as<const T>(),
           a.y.as<T>(), a.kept.as<uint8_t>(), scale_of(a.options.norm));
  });
}

void augment_grad(const AugmentGradArgs& a, Stream stream) {
  const PictureGrid grid = picture_grid("augment_grad", a.dx.shape);
  with_type_of("augment_grad", a.dy, [&]<class T>(T*) {
    launch("augment_grad", augment_pictures_grad<T>, dim3(static_cast<unsigned>(a.dx.shape[0] * grid.chunks)),
           dim3(picture_threads), 0, stream, grid, Draw{a.counter.i32(), a.options}, a.dy.as<const T>(),
           a.kept.as<const uint8_t>(), a.dx.as<T>(), a.dx.accumulate, scale_of(a.options.norm));
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
