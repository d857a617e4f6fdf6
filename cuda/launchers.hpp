// The launchers of cuda/ops, one for each op, and the table made of them.
#pragma once

#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

#define T2UE_DECLARE(op, Args) void op(const Args& args, Stream stream);
T2UE_OPS(T2UE_DECLARE)
#undef T2UE_DECLARE

/// `name` is what errors call the backend.
inline Kernels kernel_table(const char* name) {
  Kernels kernels;
  kernels.name = name;
#define T2UE_FILL(op, Args) kernels.op = op;
  T2UE_OPS(T2UE_FILL)
#undef T2UE_FILL
  return kernels;
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
