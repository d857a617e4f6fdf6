// Two ways to use the headers: alone (every function is inline), or compiled once into t2ue::compiled.
#pragma once

#define T2UE_VERSION_MAJOR 0
#define T2UE_VERSION_MINOR 1
#define T2UE_VERSION_PATCH 0

// t2ue::compiled defines T2UE_COMPILED=1: `x.hpp` then only declares, and the library holds what
// `x.inl.hpp` defines. Without it `x.hpp` includes `x.inl.hpp` itself. Mixing both in one program is
// refused at configure time.
#ifndef T2UE_COMPILED
#define T2UE_COMPILED 0
#endif

// t2ue::cuda defines T2UE_HAS_CUDA=1: the library with the CUDA kernels is linked. T2UE_LINKED_BACKEND then
// names the symbol of the object that registers its backend.
#ifndef T2UE_HAS_CUDA
#define T2UE_HAS_CUDA 0
#endif

#if T2UE_COMPILED
#define T2UE_INLINE
#else
#define T2UE_INLINE inline
#endif
