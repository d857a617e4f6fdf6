// The emulated device's memory: every allocation between guard zones, and full of NaN when fresh.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace t2ue::emulation {

/// Fresh memory and guard zones hold this byte: as a float or a bf16 it is a NaN.
inline constexpr uint8_t fresh_byte = 0xff;

/// 256-byte aligned. Error when memory runs out.
void* allocate(size_t bytes);
/// A guard zone found overwritten here is reported by the next `check_memory`.
void release(void* memory);

/// Error naming `where` if anything was written into a guard zone.
void check_memory(const std::string& where);
size_t live_bytes();

/// The contents of everything allocated.
class Snapshot {
 public:
  void take();
  void restore() const;
  /// Where memory differs from it now; empty if nowhere.
  std::string difference() const;

 private:
  struct Part {
    void* memory;
    size_t bytes, offset;
  };
  std::vector<Part> parts_;
  std::vector<uint8_t> contents_;
};

}  // namespace t2ue::emulation
