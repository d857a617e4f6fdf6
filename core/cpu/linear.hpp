// Matrix product with bias and activation, over any row-major product.
#pragma once

#include <t2ue/core/cpu/activation.hpp>
#include <t2ue/core/cpu/columns.hpp>
#include <t2ue/core/cpu/gemm.hpp>

namespace t2ue::cpu {

template <Gemm gemm>
void linear_with(const LinearArgs& a, Stream) {
  const int64_t rows = a.x.shape[0], inner = a.x.shape[1], columns = a.w.shape[0];
  float* pre = a.pre.data ? a.pre.f32() : a.y.f32();
  gemm(false, true, rows, columns, inner, a.x.f32(), inner, a.w.f32(), inner, 0.0f, pre, columns);
  const float* b = a.b.f32();
  if (!b && a.activation == Activation::none) return;
  float* y = a.y.f32();
  // Where the gradient needs it, what stands before the activation keeps its bias.
  const bool keeps = a.pre.data && b;
  parallel_for(rows, columns, [&](int64_t i) {
    float *from = pre + i * columns, *to = y + i * columns;
    if (keeps) activate_row(Activation::none, columns, from, b, from);
    activate_row(a.activation, columns, from, keeps ? nullptr : b, to);
  });
}

template <Gemm gemm>
void linear_grad_with(const LinearGradArgs& a, Stream) {
  const int64_t rows = a.dy.shape[0], columns = a.dy.shape[1], inner = a.x.shape[1];
  const float* dpre = a.dy.f32();
  if (a.activation != Activation::none) {
    const float *dy = a.dy.f32(), *saved = a.saved.f32();
    float* to = a.dpre.f32();
    parallel_ranges(rows * columns, [&](int64_t begin, int64_t end) {
      activate_grad_row(a.activation, end - begin, saved + begin, dy + begin, false, to + begin);
    });
    dpre = to;
  }
  if (a.dx.data)
    gemm(false, false, rows, inner, columns, dpre, columns, a.w.f32(), inner, a.dx.accumulate ? 1.0f : 0.0f,
         a.dx.f32(), inner);
  if (a.dw.data)
    gemm(true, false, columns, inner, rows, dpre, columns, a.x.f32(), inner, a.dw.accumulate ? 1.0f : 0.0f,
         a.dw.f32(), inner);
  if (a.db.data) {
    const auto sums = column_sums(rows, columns, [&](int64_t begin, int64_t end, float* partial) {
      for (int64_t r = begin; r < end; ++r)
        for (int64_t j = 0; j < columns; ++j) partial[j] += dpre[r * columns + j];
    });
    put_columns(a.db, sums, 0);
  }
}

inline void linear(const LinearArgs& a, Stream stream) {
  linear_with<reference_gemm>(a, stream);
}
inline void linear_grad(const LinearGradArgs& a, Stream stream) {
  linear_grad_with<reference_gemm>(a, stream);
}

}  // namespace t2ue::cpu
