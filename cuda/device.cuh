// What kernels are written with. nvcc compiles them for the GPU; any other compiler takes the same names from
// tests/emulation and runs the same kernels on the CPU. Nothing outside this file may use <<<>>>, inline PTX,
// cooperative groups or cub.
#pragma once

#include <t2ue/core/bf16.hpp>
#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

#if defined(__CUDACC__)

#include <cuda_runtime.h>

/// A block's shared array of fixed size. Uninitialised; in the emulation full of NaN and behind guard zones.
#define T2UE_SHARED(Type, name, count) __shared__ alignas(16) Type name[count]
/// The block's shared array whose bytes `launch` was given; at most one a kernel.
#define T2UE_DYNAMIC_SHARED(Type, name)                         \
  extern __shared__ __align__(16) unsigned char t2ue_shared_[]; \
  Type* name = reinterpret_cast<Type*>(t2ue_shared_)
/// All threads of the block meet here; every one of them must come.
#define T2UE_SYNC_BLOCK() __syncthreads()
/// All 32 threads of the warp meet here.
#define T2UE_SYNC_WARP() __syncwarp()

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// The value that another lane of the warp holds. All 32 lanes call it.
template <class T>
__device__ __forceinline__ T shuffle(T value, int lane) {
  return __shfl_sync(0xffffffffu, value, lane);
}
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}

/// d += a b on tensor cores: a 16x16 and b 16x8 of bf16 pairs, d 16x8 of floats, spread over the warp as
/// PTX's mma.m16n8k16 says: with g = lane/4 and t = lane%4, d = {(g,2t), (g,2t+1), (g+8,2t), (g+8,2t+1)}, a =
/// pairs at {(g,2t), (g+8,2t), (g,2t+8), (g+8,2t+8)}, b = pairs down the rows at {(2t,g), (2t+8,g)}.
__device__ __forceinline__ void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// Four 8x8 tiles of 16-bit elements from shared memory: lane l gives the 16-byte aligned address of row l%8
/// of tile l/8, and receives of each tile the pair at (row lane/4, columns 2*(lane%4)...).
__device__ __forceinline__ void load_tiles(uint32_t (&r)[4], const void* row) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}
/// The same, each tile transposed.
__device__ __forceinline__ void load_tiles_transposed(uint32_t (&r)[4], const void* row) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

/// Starts copying 16 aligned bytes from global to shared memory; `copies_done` and a barrier before reading.
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(global) : "memory");
}
__device__ __forceinline__ void copies_done() {
  asm volatile("cp.async.wait_all;" ::: "memory");
}

namespace detail {
/// Turns a CUDA error into Error: `where` failed, with CUDA's name and text for it.
void check_cuda(cudaError_t error, const char* where);
}  // namespace detail

/// Queues kernel(args...) on a stream. `name` is what errors call it. Error if CUDA refuses the launch.
/// Asking for more than 48 KB of dynamic shared memory is fine up to the device's limit.
template <class... Parameters, class... Args>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            Stream stream, Args&&... args) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  if (shared_bytes > 48 * 1024)
    detail::check_cuda(
        cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                             cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
        name);
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = static_cast<cudaStream_t>(stream);
  detail::check_cuda(cudaLaunchKernelEx(&config, kernel, Parameters(args)...), name);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE

#else
#include <emulation/device.hpp>
#endif

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Scratch memory on the device, 256-byte aligned, unspecified contents, valid until the next call for the
/// same slot on this stream: work queued there reuses it in order. Its address never moves once a step is
/// captured. `slot` 0..3 lets one launcher hold several at once.
void* scratch(size_t bytes, Stream stream, int slot = 0);

/// Blocks of `size` threads that cover `count` elements, at most the grid's limit in x.
inline unsigned blocks_for(int64_t count, int64_t size) {
  return static_cast<unsigned>((count + size - 1) / size);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
