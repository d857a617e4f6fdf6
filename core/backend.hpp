// A backend: the kernels of a device, and how to allocate and copy its memory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue {

/// Everything the library asks of a device. Copies take either direction and complete before they return.
struct Backend {
  Kernels kernels;
  void* (*allocate)(Device, size_t bytes) = nullptr;  ///< 64-byte aligned; Error when memory runs out
  void (*release)(Device, void*) = nullptr;
  size_t (*memory_peak)(Device) =
      nullptr;  ///< the most bytes held at a time so far; null where nobody counts
  void (*copy)(Device, void* to, const void* from, size_t bytes) = nullptr;
  void (*synchronise)(Device) = nullptr;

  /// Page-locked memory of the host, which the device reads by itself; all four are null where there is none.
  /// `copy_later` queues a copy out of such a block behind the work queued so far and returns at once; the
  /// block must stay as it is until `wait_host` of it has returned. Releasing it waits as well.
  void* (*allocate_host)(Device, size_t bytes) = nullptr;
  void (*release_host)(Device, void* block) = nullptr;
  void (*copy_later)(Device, void* to, const void* block, size_t bytes) = nullptr;
  void (*wait_host)(Device, const void* block) = nullptr;

  Stream (*stream)(Device) = nullptr;  ///< where launches are queued; null where they run at once

  bool bf16 = false;                    ///< whether its kernels take bf16
  void (*set_tf32)(bool on) = nullptr;  ///< null where there is no tf32

  /// Captured steps; null where launches always go one by one. `capture` calls `record`, whose launches are
  /// kept instead of run; `replay` queues them all.
  void* (*capture)(Device, const std::function<void()>& record) = nullptr;
  void (*replay)(Device, void* captured) = nullptr;
  void (*destroy)(Device, void* captured) = nullptr;
};

/// The backend of a device. Error with the reason if this program or machine has none.
const Backend& backend_of(Device device);

/// Why no GPU can be used, in one line; empty if the first one can.
std::string why_no_cuda();

/// Makes a backend of one's own a device, for good.
Device add_backend(const Backend& backend);

/// Error unless the backend computes in this precision.
void check_precision(const Backend& backend, Precision precision);

/// What a device computes in where nobody says otherwise: bf16 on a GPU, fp32 elsewhere.
Precision default_precision(Device device);

/// The CPU backends: plain loops without dependencies, and the same with oneDNN's convolution and matrix
/// product.
const Backend& cpu_reference_backend();
const Backend& cpu_backend();

/// "cpu", "cuda", "cuda:N", or "auto" (a GPU where there is one that works, else the CPU).
Device parse_device(std::string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/backend.inl.hpp>
#endif
