// One block of an emulated launch: its threads as fibers, its barriers, its shared memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2ue::emulation {

struct Index3 {
  unsigned x = 0, y = 0, z = 0;
};
struct Size3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr Size3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

/// A line of a kernel.
struct Site {
  const char* file = "";
  int line = 0;
};

/// In which order the threads of a block, and the blocks of a grid, take their turns.
enum class Order : int { ascending = 1, descending = -1 };

/// What a kernel call is: `body(argument)` run by every thread of the grid.
struct Work {
  const char* name = "";
  Size3 grid, block;
  size_t shared_bytes = 0;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
};

/// Runs all blocks. Error naming kernel, block, thread and line for a barrier that some threads do not reach,
/// and for a write outside shared memory.
void run_blocks(const Work& work, Order order);

// ---- what a running thread calls ----
void sync_block(Site site);
void sync_warp(Site site);
/// All 32 lanes come with an argument each; the last one to come calls `together` with all of them.
void warp_collective(Site site, const char* what, void* argument, void (*together)(void* const*));
/// The block's array behind `key`: made, and filled so that reading it unwritten shows, at the first call.
void* shared_array(const void* key, size_t bytes, Site site);
void* dynamic_shared();
/// Queues a copy of 16 bytes to shared memory until this thread calls `finish_copies`.
void start_copy(void* shared, const void* global, Site site);
void finish_copies();
/// Error unless 16 bytes at `address` lie in shared memory, aligned.
void check_shared_row(const void* address, Site site);

}  // namespace t2ue::emulation
