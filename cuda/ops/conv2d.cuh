// Convolution over [N,H,W,C]: cuDNN where it takes the sizes, else a matrix product over the windows laid out
// as columns.
#pragma once

#include <t2ue/cuda/column_sums.cuh>
#include <t2ue/cuda/convolution.hpp>
#include <t2ue/cuda/convolution_shapes.hpp>
#include <t2ue/cuda/gemm.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// x [N,height,width,channels] seen through windows [rows,columns] gives maps [N,down,across,filters].
struct ConvolutionSizes {
  int64_t pictures;
  int height, width, channels, rows, columns, down, across, stride, pad;
  int64_t filters;

  int64_t window() const { return int64_t{rows} * columns * channels; }
  int64_t windows() const { return int64_t{down} * across; }
  /// Whether x is its own matrix of columns.
  bool pointwise() const { return rows == 1 && columns == 1 && stride == 1 && pad == 0; }
};

/// columns[p, q, r, s, c] = x[p*stride+r-pad, q*stride+s-pad, c], zero outside the picture. blockIdx.x counts
/// the lines (picture, p); threads share a line's vectors.
template <class T, int N>
__global__ void columns_of_kernel(ConvolutionSizes sizes, const T* x, T* columns) {
  const int n = static_cast<int>(blockIdx.x) / sizes.down, p = static_cast<int>(blockIdx.x) % sizes.down;
  const int vectors = sizes.channels / N, wide = sizes.columns * vectors, window = sizes.rows * wide;
  const T* picture = x + static_cast<int64_t>(n) * sizes.height * sizes.width * sizes.channels;
  T* line = columns + static_cast<int64_t>(blockIdx.x) * sizes.across * window * N;
  const int count = sizes.across * window, step = static_cast<int>(gridDim.y * block_threads);
  for (int i = static_cast<int>(blockIdx.y * block_threads + threadIdx.x); i < count; i += step) {
    const int q = i / window, r = i % window / wide, s = i % wide / vectors, c = i % vectors * N;
    const int h = p * sizes.stride + r - sizes.pad, w = q * sizes.stride + s - sizes.pad;
    float values[N] = {};
    if (h >= 0 && h < sizes.height && w >= 0 && w < sizes.width)
      load_some(picture, (static_cast<int64_t>(h) * sizes.width + w) * sizes.channels + c, values);
    store_some(line, static_cast<int64_t>(i) * N, values);
  }
}

/// dx[h, w, c] = (or +=) the sum of the columns that columns_of_kernel would have copied it to, in a fixed
/// order. blockIdx.x counts the lines (picture, h).
template <class T, int N>
__global__ void gather_columns_kernel(ConvolutionSizes sizes, const float* columns, T* dx, bool accumulate) {
  const int n = static_cast<int>(blockIdx.x) / sizes.height, h = static_cast<int>(blockIdx.x) % sizes.height;
  const int vectors = sizes.channels / N, count = sizes.width * vectors;
  const float* picture = columns + static_cast<int64_t>(n) * sizes.down * sizes.across * sizes.rows *
                                       sizes.columns * sizes.channels;
  const int step = static_cast<int>(gridDim.y * block_threads);
  for (int i = static_cast<int>(blockIdx.y * block_threads + threadIdx.x); i < count; i += step) {
    const int w = i / vectors, c = i % vectors * N;
    float sum[N] = {};
    for (int r = 0; r < sizes.rows; ++r) {
      const int below = h + sizes.pad - r, p = below / sizes.stride;
      if (below < 0 || below % sizes.stride != 0 || p >= sizes.down) continue;
      for (int s = 0; s < sizes.columns; ++s) {
        const int right = w + sizes.pad - s, q = right / sizes.stride;
        if (right < 0 || right % sizes.stride != 0 || q >= sizes.across) continue;
        float values[N];
        const int64_t window = (static_cast<int64_t>(p) * sizes.across + q) * sizes.rows + r;
        load_some(picture, (window * sizes.columns + s) * sizes.channels + c, values);
        for (int j = 0; j < N; ++j) sum[j] += values[j];
      }
    }
    store_some(dx, (static_cast<int64_t>(blockIdx.x) * sizes.width + w) * sizes.channels + c, sum,
               accumulate);
  }
}

ConvolutionSizes convolution_sizes(const Shape& x, const Shape& w, const Shape& y, int stride, int pad) {
  // Lines are counted in 32 bits, and so is what is in one of them.
  check(x[0] * std::max(x[1], y[1]) < (int64_t{1} << 31) && x[2] * x[3] < (int64_t{1} << 30) &&
            y[2] * w[1] * w[2] * w[3] < (int64_t{1} << 30),
        "conv2d", "the CUDA kernel takes fewer than 2^31 lines of fewer than 2^30 numbers, got x ", x,
        " and w ", w, "; use smaller batches or pictures");
  const auto small = [](int64_t size) { return static_cast<int>(size); };
  return {x[0],        small(x[1]), small(x[2]), small(x[3]), small(w[1]), small(w[2]),
          small(y[1]), small(y[2]), stride,      pad,         w[0]};
}

/// At most this much is laid out as columns at a time, but one picture at least.
constexpr int64_t most_column_bytes = int64_t{256} << 20;

/// f(first picture, pictures, columns) for pieces of the batch: `columns` is scratch memory for the columns
/// of that many pictures, `bytes` for an element.
template <class F>
void for_pieces(const ConvolutionSizes& sizes, size_t bytes, Stream stream, F&& f) {
  const int64_t picture_bytes = sizes.windows() * sizes.window() * static_cast<int64_t>(bytes);
  const int64_t piece =
      std::clamp<int64_t>(most_column_bytes / picture_bytes, 1, std::max<int64_t>(1, sizes.pictures));
  void* columns = scratch(static_cast<size_t>(piece * picture_bytes), stream);
  for (int64_t first = 0; first < sizes.pictures; first += piece)
    f(first, std::min(piece, sizes.pictures - first), columns);
}

dim3 line_blocks(int64_t lines, int64_t vectors) {
  return dim3(static_cast<unsigned>(lines), std::min(blocks_for(vectors, block_threads), 65535u));
}

/// The columns of `pictures` pictures from `first` on, in `columns`.
template <class T>
void lay_out_columns(const ConvolutionSizes& sizes, const T* x, int64_t first, int64_t pictures, T* columns,
                     Stream stream) {
  const T* from = x + first * sizes.height * sizes.width * sizes.channels;
  const auto run = [&]<int N>() {
    launch("conv2d", columns_of_kernel<T, N>,
           line_blocks(pictures * sizes.down, sizes.across * sizes.window() / N), dim3(block_threads), 0,
           stream, sizes, from, columns);
  };
  if (sizes.channels % vector_width<T> == 0 && aligned({x}))
    run.template operator()<vector_width<T>>();
  else
    run.template operator()<1>();
}

/// dx of `pictures` pictures from `first` on, from their columns.
template <class T>
void gather_columns(const ConvolutionSizes& sizes, const float* columns, int64_t first, int64_t pictures,
                    const GradView& dx, Stream stream) {
  T* to = dx.as<T>() + first * sizes.height * sizes.width * sizes.channels;
  const auto run = [&]<int N>() {
    launch("conv2d_grad", gather_columns_kernel<T, N>,
           line_blocks(pictures * sizes.height, int64_t{sizes.width} * sizes.channels / N),
           dim3(block_threads), 0, stream, sizes, columns, to, dx.accumulate);
  };
  if (sizes.channels % vector_width<T> == 0 && aligned({dx.data}))
    run.template operator()<vector_width<T>>();
  else
    run.template operator()<1>();
}

/// f(first picture, pictures, columns) for pieces of the batch; x itself where it is its own columns.
template <class T, class F>
void for_columns(const ConvolutionSizes& sizes, const T* x, Stream stream, F&& f) {
  if (sizes.pointwise()) return f(0, sizes.pictures, x);
  for_pieces(sizes, sizeof(T), stream, [&](int64_t first, int64_t pictures, void* memory) {
    auto* columns = static_cast<T*>(memory);
    lay_out_columns(sizes, x, first, pictures, columns, stream);
    f(first, pictures, columns);
  });
}

template <class T>
void convolve(const Conv2dArgs& a, Stream stream) {
  const ConvolutionSizes sizes = convolution_sizes(a.x.shape, a.w.shape, a.y.shape, a.stride, a.pad);
  const auto multiply = [&](int64_t first, int64_t pictures, const T* columns) {
    GemmArgs g;
    g.transpose_b = true;
    g.m = pictures * sizes.windows(), g.n = sizes.filters, g.k = sizes.window();
    g.a = columns, g.b = a.w.data, g.c = a.y.as<T>() + first * sizes.windows() * sizes.filters;
    g.lda = g.k, g.ldb = g.k, g.ldc = g.n;
    g.in = a.x.dtype, g.out = a.y.dtype;
    g.bias = a.b.f32();
    gemm(g, stream);
  };
  for_columns(sizes, a.x.as<const T>(), stream, multiply);
}

template <class T>
void convolve_grad_input(const Conv2dGradArgs& a, Stream stream) {
  const ConvolutionSizes sizes = convolution_sizes(a.dx.shape, a.w.shape, a.dy.shape, a.stride, a.pad);
  GemmArgs g;
  g.n = sizes.window(), g.k = sizes.filters;
  g.b = a.w.data;
  g.lda = g.k, g.ldb = g.n, g.ldc = g.n;
  g.in = a.dy.dtype;
  if (sizes.pointwise()) {
    g.m = sizes.pictures * sizes.windows();
    g.a = a.dy.data, g.c = a.dx.data;
    g.out = a.dx.dtype;
    g.beta = a.dx.accumulate ? 1.0f : 0.0f;
    return gemm(g, stream);
  }
  // The columns are f32 in any case: a pixel sums up to rows*columns of them, and is rounded once.
  for_pieces(sizes, sizeof(float), stream, [&](int64_t first, int64_t pictures, void* memory) {
    auto* columns = static_cast<float*>(memory);
    g.m = pictures * sizes.windows();
    g.a = a.dy.as<const T>() + first * sizes.windows() * sizes.filters, g.c = columns;
    gemm(g, stream);
    gather_columns<T>(sizes, columns, first, pictures, a.dx, stream);
  });
}

template <class T>
void convolve_grad_weight(const Conv2dGradArgs& a, Stream stream) {
  const ConvolutionSizes sizes = convolution_sizes(a.x.shape, a.dw.shape, a.dy.shape, a.stride, a.pad);
  const auto multiply = [&](int64_t first, int64_t pictures, const T* columns) {
    GemmArgs g;
    g.transpose_a = true;
    g.m = sizes.filters, g.n = sizes.window(), g.k = pictures * sizes.windows();
    g.a = a.dy.as<const T>() + first * sizes.windows() * sizes.filters, g.b = columns, g.c = a.dw.data;
    g.lda = g.m, g.ldb = g.n, g.ldc = g.n;
    g.in = a.dy.dtype, g.out = a.dw.dtype;
    g.beta = a.dw.accumulate || first > 0 ? 1.0f : 0.0f;
    gemm(g, stream);
  };
  for_columns(sizes, a.x.as<const T>(), stream, multiply);
}

}  // namespace

/// conv2d without cuDNN.
void conv2d_by_columns(const Conv2dArgs& a, Stream stream) {
  with_type_of("conv2d", a.x, [&]<class T>(T*) { convolve<T>(a, stream); });
}

/// The gradients that are present, without cuDNN.
void conv2d_grad_by_columns(const Conv2dGradArgs& a, Stream stream) {
  with_type_of("conv2d_grad", a.dy, [&]<class T>(T*) {
    if (a.dx.data) convolve_grad_input<T>(a, stream);
    if (a.dw.data) convolve_grad_weight<T>(a, stream);
    if (a.db.data)
      launch_column_sums<T>("conv2d_grad", a.dy.shape.rows(), a.dy.shape.back(), Activation::none, nullptr,
                            a.dy.as<const T>(), nullptr, a.db, stream);
  });
}

void conv2d(const Conv2dArgs& args, Stream stream) {
  Conv2dArgs a = args;
  if (becomes_product(a.x, a.w, a.y, a.stride, a.pad) || !cudnn_conv2d(a, stream))
    conv2d_by_columns(a, stream);
}

void conv2d_grad(const Conv2dGradArgs& args, Stream stream) {
  Conv2dGradArgs a = args;
  const bool product = becomes_product(a.x, a.w, a.dy, a.stride, a.pad);
  if (a.dx) a.dx.shape = a.x.shape;
  if (a.dw) a.dw.shape = a.w.shape;
  ConvolutionGradients done;
  if (!product) done = cudnn_conv2d_grad(a, stream);
  if (done.dx) a.dx = {};
  if (done.dw) a.dw = {};
  conv2d_grad_by_columns(a, stream);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
