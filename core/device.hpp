// Where tensors live.
#pragma once

#include <string>

namespace t2ue {

enum class DeviceKind : uint8_t { cpu, cuda };

/// A device: the CPU, or one GPU by its index.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
  std::string text() const { return kind == DeviceKind::cpu ? "cpu" : "cuda:" + std::to_string(index); }
};

/// A queue of work on a device; null on the CPU, where every call is complete when it returns.
using Stream = void*;

}  // namespace t2ue
