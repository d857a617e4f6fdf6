// How a library that is linked in brings the backends of its devices: core includes nothing of theirs.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <t2ue/core/device.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue {

struct Backend;  // core/backend.hpp

/// The backends of all GPUs.
struct BackendProvider {
  /// The backend of the GPU of that index. Error with the reason if there is no such GPU.
  const Backend& (*backend)(int index) = nullptr;
  /// Why no GPU can be used, in one line; empty if the first one can.
  const std::string& (*why_unusable)() = nullptr;
};

namespace detail {
/// Null as long as no library has brought them. Never destroyed, as tensors of a static ask for it.
inline std::atomic<const BackendProvider*>& cuda_provider() {
  static std::atomic<const BackendProvider*> provider = nullptr;
  return provider;
}
}  // namespace detail

/// Makes `provider` the one of all devices of that kind, for the whole program. A library calls it from a
/// static of its own, so that it is done before main; threads may call it at the same time. Error for a kind
/// that is not `cuda`, for a provider that lacks a function, and for a second one.
inline void register_backend(DeviceKind kind, const BackendProvider& provider) {
  check(kind == DeviceKind::cuda, "device", "backends are registered for cuda, not for ", Device{kind}.text(),
        "; add_backend() makes one of your own a device");
  check(provider.backend && provider.why_unusable, "device", "the registered backend lacks a function");
  auto kept = std::make_unique<BackendProvider>(provider);
  const BackendProvider* none = nullptr;
  check(detail::cuda_provider().compare_exchange_strong(none, kept.get()), "device",
        "cuda has a backend already; link one library that brings it");
  (void)kept.release();
}

}  // namespace t2ue
