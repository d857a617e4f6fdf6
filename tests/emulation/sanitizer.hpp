// AddressSanitizer's hooks for foreign stacks and guard zones; nothing where it is not used.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define T2UE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define T2UE_ASAN 1
#endif
#endif
#ifndef T2UE_ASAN
#define T2UE_ASAN 0
#endif

#if T2UE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define T2UE_NO_ASAN __attribute__((no_sanitize_address))
#else
#define T2UE_NO_ASAN
#endif

namespace t2ue::emulation {

#if T2UE_ASAN
inline void poison(const void* memory, size_t bytes) {
  __asan_poison_memory_region(memory, bytes);
}
inline void unpoison(const void* memory, size_t bytes) {
  __asan_unpoison_memory_region(memory, bytes);
}
inline void start_switch(void** fake_stack, const void* bottom, size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
inline void finish_switch(void* fake_stack, const void** bottom, size_t* bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
}
#else
inline void poison(const void*, size_t) {}
inline void unpoison(const void*, size_t) {}
inline void start_switch(void**, const void*, size_t) {}
inline void finish_switch(void*, const void**, size_t*) {}
#endif

}  // namespace t2ue::emulation
