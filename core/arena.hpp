// Where each buffer of a plan lives: buffers that are never alive together share bytes.
#pragma once

#include <cstdint>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// A buffer of a plan: its size, and the first and last launch that touch it.
struct BufferLife {
  int64_t bytes = 0;
  int first = 0, last = 0;
};

/// Byte offsets for the buffers, and the arena's size.
struct ArenaLayout {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;
};

/// Places buffers so that no two whose lives overlap share a byte: largest first, each at the lowest gap that
/// fits. Offsets are multiples of 64.
ArenaLayout lay_out_arena(const std::vector<BufferLife>& buffers);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/arena.inl.hpp>
#endif
