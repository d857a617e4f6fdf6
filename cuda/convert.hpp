// Small element-wise helpers that gemm and cuDNN need around them.
#pragma once

#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// to[i] = from[i] rounded to `to`'s type, or += with `accumulate`; f32 and bf16 either way. They must not
/// overlap, unless they are the same memory of the same type.
void convert(const void* from, DType from_type, void* to, DType to_type, int64_t count, bool accumulate,
             Stream stream);

/// y[r,k] += b[k].  y [rows, columns] of f32 or bf16, b f32 [columns].
void add_to_rows(void* y, DType type, const float* b, int64_t rows, int64_t columns, Stream stream);

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
