// The matrix products of t2ue::cuda in plain loops.
#include <vector>

#include <emulation/launch.hpp>
#include <emulation/memory.hpp>
#include <t2ue/core/bf16.hpp>
#include <t2ue/cuda/gemm.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

float element(const void* matrix, DType type, int64_t i) {
  return type == DType::f32 ? static_cast<const float*>(matrix)[i]
                            : static_cast<float>(static_cast<const bf16*>(matrix)[i]);
}

/// op(matrix) [rows, columns] in floats.
std::vector<float> widened(const void* matrix, DType type, int64_t offset, int64_t distance, bool transposed,
                           int64_t rows, int64_t columns) {
  std::vector<float> wide;
  wide.reserve(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      wide.push_back(element(matrix, type, offset + (transposed ? j * distance + i : i * distance + j)));
  return wide;
}

void multiply(const GemmArgs& g, int64_t batch) {
  const std::vector<float> a = widened(g.a, g.in, batch * g.stride_a, g.lda, g.transpose_a, g.m, g.k);
  const std::vector<float> b = widened(g.b, g.in, batch * g.stride_b, g.ldb, g.transpose_b, g.k, g.n);
  std::vector<float> row(static_cast<size_t>(g.n));
  for (int64_t i = 0; i < g.m; ++i) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (int64_t k = 0; k < g.k; ++k)
      for (int64_t j = 0; j < g.n; ++j)
        row[static_cast<size_t>(j)] +=
            a[static_cast<size_t>(i * g.k + k)] * b[static_cast<size_t>(k * g.n + j)];
    for (int64_t j = 0; j < g.n; ++j) {
      const int64_t place = batch * g.stride_c + i * g.ldc + j;
      float value = g.alpha * row[static_cast<size_t>(j)];
      if (g.beta != 0.0f) value += g.beta * element(g.c, g.out, place);
      if (g.bias) value += g.bias[j];
      if (g.out == DType::f32)
        static_cast<float*>(g.c)[place] = value;
      else
        static_cast<bf16*>(g.c)[place] = bf16(value);
    }
  }
}

}  // namespace

void gemm(const GemmArgs& args, Stream) {
  const bool a_fits = args.lda >= (args.transpose_a ? args.m : args.k);
  const bool b_fits = args.ldb >= (args.transpose_b ? args.k : args.n);
  check(a_fits && b_fits && args.ldc >= args.n, "gemm", "rows are closer together than they are long: lda ",
        args.lda, ", ldb ", args.ldb, ", ldc ", args.ldc, " for m ", args.m, ", n ", args.n, ", k ", args.k);
  emulation::enqueue("gemm", [args] {
    for (int64_t batch = 0; batch < args.batch; ++batch) multiply(args, batch);
    emulation::check_memory("gemm");
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
