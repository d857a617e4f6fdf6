// Row-major matrix product, without dependencies.
#pragma once

#include <t2ue/core/cpu/parallel.hpp>

namespace t2ue::cpu {

/// c = op(a) op(b) + beta*c with op(a) [m,k], op(b) [k,n], c [m,n]; lda, ldb, ldc are the rows' lengths in
/// memory.
using Gemm = void (*)(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a,
                      int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

/// The plain product: rows of c over threads, the innermost loop over a row of c.
inline void reference_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                           const float* a, int64_t lda, const float* b, int64_t ldb, float beta, float* c,
                           int64_t ldc) {
  parallel_for(m, n * k, [&](int64_t i) {
    float* row = c + i * ldc;
    for (int64_t j = 0; j < n; ++j) row[j] = beta == 0.0f ? 0.0f : beta * row[j];
    const auto a_at = [&](int64_t l) { return transpose_a ? a[l * lda + i] : a[i * lda + l]; };
    if (transpose_b) {
      for (int64_t j = 0; j < n; ++j) {
        const float* column = b + j * ldb;
        float sum = 0.0f;
        if (transpose_a) {
          for (int64_t l = 0; l < k; ++l) sum += a_at(l) * column[l];
        } else {
          const float* left = a + i * lda;
#pragma omp simd reduction(+ : sum)
          for (int64_t l = 0; l < k; ++l) sum += left[l] * column[l];
        }
        row[j] += sum;
      }
    } else {
      for (int64_t l = 0; l < k; ++l) {
        const float factor = a_at(l);
        const float* right = b + l * ldb;
#pragma omp simd
        for (int64_t j = 0; j < n; ++j) row[j] += factor * right[j];
      }
    }
  });
}

}  // namespace t2ue::cpu
