// What kernels are written with, for the CPU: the names of cuda/device.cuh on top of emulated blocks.
#pragma once

#include <cstring>
#include <tuple>
#include <type_traits>

#include <emulation/block.hpp>
#include <emulation/launch.hpp>
#include <emulation/math.hpp>
#include <t2ue/core/bf16.hpp>
#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

using dim3 = t2ue::emulation::Size3;
/// Those of the thread that has its turn.
inline t2ue::emulation::Index3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) alignas(bytes)

#define T2UE_SITE() (t2ue::emulation::Site{__FILE__, __LINE__})
#define T2UE_SHARED(Type, name, count)               \
  static const char name##_key_ = 0;                 \
  Type(&name)[count] = *static_cast<Type(*)[count]>( \
      t2ue::emulation::shared_array(&name##_key_, sizeof(Type[count]), T2UE_SITE()))
#define T2UE_DYNAMIC_SHARED(Type, name) Type* name = static_cast<Type*>(t2ue::emulation::dynamic_shared())
#define T2UE_SYNC_BLOCK() t2ue::emulation::sync_block(T2UE_SITE())
#define T2UE_SYNC_WARP() t2ue::emulation::sync_warp(T2UE_SITE())

namespace t2ue::emulation {

template <class T>
struct Exchange {
  T value;
  int lane = 0;
  T result{};
};
template <class T>
T exchange(T value, int lane, Site site, const char* what) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>, "a shuffle moves up to 8 bytes");
  Exchange<T> mine{value, lane & 31};
  warp_collective(site, what, &mine, [](void* const* lanes) {
    for (int i = 0; i < 32; ++i) {
      auto* to = static_cast<Exchange<T>*>(lanes[i]);
      to->result = static_cast<Exchange<T>*>(lanes[to->lane])->value;
    }
  });
  return mine.result;
}
inline int lane_of_thread() {
  return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32);
}

/// The warp's tensor core operations, done by its last lane for all 32.
void multiply_tiles(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Site site);
void load_tiles(uint32_t (&r)[4], const void* row, bool transposed, Site site);

}  // namespace t2ue::emulation

namespace t2ue::T2UE_CUDA_NAMESPACE {

template <class T>
T shuffle(T value, int lane, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return emulation::exchange(value, lane, {file, line}, "shuffle");
}
template <class T>
T shuffle_xor(T value, int mask, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return emulation::exchange(value, emulation::lane_of_thread() ^ mask, {file, line}, "shuffle_xor");
}

inline void mma_16x8x16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                        const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulation::multiply_tiles(d, a, b, {file, line});
}
inline void load_tiles(uint32_t (&r)[4], const void* row, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  emulation::load_tiles(r, row, false, {file, line});
}
inline void load_tiles_transposed(uint32_t (&r)[4], const void* row, const char* file = __builtin_FILE(),
                                  int line = __builtin_LINE()) {
  emulation::load_tiles(r, row, true, {file, line});
}

inline void copy_async(void* shared, const void* global, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) {
  emulation::start_copy(shared, global, {file, line});
}
inline void copies_done() {
  emulation::finish_copies();
}

template <class... Parameters, class... Args>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
            Stream, Args&&... args) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  struct Call {
    void (*kernel)(Parameters...);
    std::tuple<std::decay_t<Parameters>...> arguments;
  };
  Call call{kernel, {static_cast<std::decay_t<Parameters>>(args)...}};
  emulation::enqueue(name, [=] {
    Call mine = call;
    emulation::Work work{name, grid, block, shared_bytes, nullptr, &mine};
    work.body = [](void* argument) {
      const auto& [function, arguments] = *static_cast<const Call*>(argument);
      std::apply(function, arguments);
    };
    emulation::run_launch(work);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
