// Call stacks that take turns on one OS thread: what the emulation runs a block's threads on.
#pragma once

#include <cstddef>

namespace t2ue::emulation {

/// Where a stack was left, to go on there.
struct Context {
  void* place = nullptr;
  void* fake_stack = nullptr;  ///< AddressSanitizer's
  const void* bottom = nullptr;
  size_t size = 0;
};

/// A stack of its own, with an unmapped page below it.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// The next switch to `context()` calls `entry`, which must never return.
  void prepare(void (*entry)());
  /// What ran here was left in the middle and will not go on.
  void abandon();
  Context& context() { return context_; }

 private:
  void* memory_ = nullptr;
  Context context_;
};

/// Leaves `from` and goes on at `to`; returns when somebody switches back.
void switch_to(Context& from, Context& to);
/// The first thing an entry calls: tells AddressSanitizer where it is; `from` learns which stack it was.
void arrived(Context* from);

}  // namespace t2ue::emulation
