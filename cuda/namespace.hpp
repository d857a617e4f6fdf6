// The namespace of kernels and their launchers: t2ue::cuda, or t2ue::emulated where tests/emulation compiles
// the same files, so that a program can hold both.
#pragma once

#if defined(T2UE_EMULATION)
#define T2UE_CUDA_NAMESPACE emulated
#else
#define T2UE_CUDA_NAMESPACE cuda
#endif
