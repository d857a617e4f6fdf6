// Matrix product with bias and activation.
#pragma once

#include <t2ue/cuda/column_sums.cuh>
#include <t2ue/cuda/gemm.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// y = activation(product + bias); what stands before the activation goes to `pre` where that is given.
/// All [rows, columns]; `bias` may be absent; y and pre may be `product` itself.
template <class T, int N>
__global__ void bias_activation_kernel(int64_t rows, int64_t columns, int lanes, int64_t chunk,
                                       Activation activation, const float* bias, const T* product, T* pre,
                                       T* y) {
  const TileThread tile = tile_thread<N>(rows, lanes, chunk);
  if (tile.column >= columns) return;
  float b[N] = {};
  if (bias) load_some(bias, tile.column, b);
  for (int64_t row = tile.row; row < tile.end; row += tile.step) {
    const int64_t i = row * columns + tile.column;
    float values[N];
    load_some(product, i, values);
    for (int j = 0; j < N; ++j) values[j] += b[j];
    if (pre) store_some(pre, i, values);
    activate(activation, values);
    store_some(y, i, values);
  }
}

template <class T>
void bias_activation(const LinearArgs& a, const View& product, Stream stream) {
  constexpr int wide = vector_width<T>;
  const int64_t rows = product.shape[0], columns = product.shape[1];
  const auto run = [&]<int N>() {
    const ColumnTiles tiles(rows, columns, N);
    // Where there is no bias, `pre` is complete as the product left it.
    T* pre = a.pre.data && a.b.data ? a.pre.as<T>() : nullptr;
    launch("linear", bias_activation_kernel<T, N>, dim3(tiles.chunks, tiles.across), dim3(block_threads), 0,
           stream, rows, columns, tiles.lanes, tiles.chunk, a.activation, a.b.as<const float>(),
           product.as<const T>(), pre, a.y.as<T>());
  };
  if (columns % wide == 0 && aligned({a.b.data, product.data, a.y.data}))
    run.template operator()<wide>();
  else
    run.template operator()<1>();
}

}  // namespace

void linear(const LinearArgs& a, Stream stream) {
  const int64_t inner = a.x.shape[1], columns = a.w.shape[0];
  const bool plain = a.activation == Activation::none && !a.pre.data;
  const View& product = a.pre.data ? static_cast<const View&>(a.pre) : a.y;
  GemmArgs g;
  g.transpose_b = true;
  g.m = a.x.shape[0], g.n = columns, g.k = inner;
  g.a = a.x.data, g.b = a.w.data, g.c = product.data;
  g.lda = inner, g.ldb = inner, g.ldc = columns;
  g.in = a.x.dtype, g.out = product.dtype;
  if (plain) g.bias = a.b.f32();
  gemm(g, stream);
  if (plain) return;
  with_type_of("linear", product, [&]<class T>(T*) { bias_activation<T>(a, product, stream); });
}

void linear_grad(const LinearGradArgs& a, Stream stream) {
  const int64_t rows = a.dy.shape[0], columns = a.dy.shape[1], inner = a.x.shape[1];
  const bool active = a.activation != Activation::none;
  with_type_of("linear_grad", a.dy, [&]<class T>(T*) {
    const T *saved = active ? a.saved.as<const T>() : nullptr, *dy = a.dy.as<const T>();
    T* dpre = active ? a.dpre.as<T>() : nullptr;
    if (a.db.data)
      launch_column_sums("linear_grad", rows, columns, a.activation, saved, dy, dpre, a.db, stream);
    else if (active)
      launch_activation_grad("linear_grad", rows * columns, a.activation, saved, dy, dpre, false, stream);
  });
  const View& dpre = active ? a.dpre : a.dy;
  if (a.dx.data) {
    GemmArgs g;
    g.m = rows, g.n = inner, g.k = columns;
    g.a = dpre.data, g.b = a.w.data, g.c = a.dx.data;
    g.lda = columns, g.ldb = inner, g.ldc = inner;
    g.in = dpre.dtype, g.out = a.dx.dtype;
    g.beta = a.dx.accumulate ? 1.0f : 0.0f;
    gemm(g, stream);
  }
  if (a.dw.data) {
    GemmArgs g;
    g.transpose_a = true;
    g.m = columns, g.n = inner, g.k = rows;
    g.a = dpre.data, g.b = a.x.data, g.c = a.dw.data;
    g.lda = columns, g.ldb = inner, g.ldc = inner;
    g.in = dpre.dtype, g.out = a.dw.dtype;
    g.beta = a.dw.accumulate ? 1.0f : 0.0f;
    gemm(g, stream);
  }
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
