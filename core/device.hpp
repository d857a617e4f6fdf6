// Where tensors live.
#pragma once

#include <cstdint>
#include <string>

namespace t2ue {

/// added: by `add_backend`.
enum class DeviceKind : uint8_t { cpu, cuda, added };

/// A device: the CPU, or one GPU by its index.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
  std::string text() const {
    if (kind == DeviceKind::cpu) return "cpu";
    return (kind == DeviceKind::cuda ? "cuda:" : "added:") + std::to_string(index);
  }
};

/// A queue of work on a device; null on the CPU, where every call is complete when it returns.
using Stream = void*;

}  // namespace t2ue
