// A device that stores and computes nothing, so that models of any size can be recorded on it.
#pragma once

#include <utility>

#include <t2ue/core/backend.hpp>

namespace t2ue::benchmarks {

/// Without kernels: the caller sets those that it wants to see.
inline Backend memoryless_backend(const char* name) {
  Backend backend;
  backend.kernels.name = name;
  // Addresses that nobody follows, aligned as a GPU's are.
  backend.allocate = [](Device, size_t bytes) {
    static uintptr_t next = uintptr_t{1} << 40;
    return reinterpret_cast<void*>(std::exchange(next, next + (bytes + 511) / 256 * 256));
  };
  backend.release = [](Device, void*) {};
  backend.copy = [](Device, void*, const void*, size_t) {};
  backend.synchronise = [](Device) {};
  backend.stream = [](Device) -> Stream { return nullptr; };
  backend.bf16 = true;
  return backend;
}

}  // namespace t2ue::benchmarks
