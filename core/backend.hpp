// A backend: the kernels of a device and how its memory is had.
#pragma once

#include <memory>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue {

/// Everything the library asks of a device. Copies take either direction and complete before they return.
struct Backend {
  Kernels kernels;
  void* (*allocate)(size_t bytes) = nullptr;  ///< 64-byte aligned; throws Error when memory runs out
  void (*release)(void*) = nullptr;
  void (*copy)(void* to, const void* from, size_t bytes) = nullptr;
  void (*synchronise)(Stream) = nullptr;
};

/// The backend of a device. Error with the reason if this build or machine has none.
const Backend& backend_of(Device device);

/// The CPU backends: plain loops without dependencies, and the same with oneDNN's convolution and matrix
/// product.
const Backend& cpu_reference_backend();
const Backend& cpu_backend();

/// "cpu", "cuda", "cuda:N", or "auto" (a GPU where there is one).
Device parse_device(std::string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/backend.inl.hpp>
#endif
