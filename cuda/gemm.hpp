// Matrix products on the GPU: cuBLASLt in t2ue::cuda, plain loops in the emulation.
#pragma once

#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// c = alpha * op(a) op(b) + beta * c over row-major matrices: op(a) [m,k], op(b) [k,n], c [m,n]; `lda` is
/// the distance between rows of a as it lies in memory. a and b share a type, f32 or bf16; c is f32 or bf16.
/// Accumulates in fp32. bias: absent, or f32 [n] added to every row.
struct GemmArgs {
  bool transpose_a = false, transpose_b = false;
  int64_t m = 0, n = 0, k = 0;
  const void *a = nullptr, *b = nullptr;
  void* c = nullptr;
  int64_t lda = 0, ldb = 0, ldc = 0;
  DType in = DType::f32, out = DType::f32;
  float alpha = 1.0f, beta = 0.0f;
  const float* bias = nullptr;
  /// More than 1: that many products, `stride_*` elements apart.
  int64_t batch = 1, stride_a = 0, stride_b = 0, stride_c = 0;
};
void gemm(const GemmArgs& args, Stream stream);

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
