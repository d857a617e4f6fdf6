#pragma once

#include <algorithm>
#include <numeric>

#include <t2ue/core/arena.hpp>

namespace t2ue {

T2UE_INLINE ArenaLayout lay_out_arena(const std::vector<BufferLife>& buffers) {
  constexpr int64_t alignment = 64;
  std::vector<size_t> by_size(buffers.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });

  ArenaLayout layout;
  layout.offsets.assign(buffers.size(), 0);
  std::vector<size_t> placed;  // kept in order of offset
  for (const size_t index : by_size) {
    const BufferLife& buffer = buffers[index];
    const int64_t bytes = (buffer.bytes + alignment - 1) / alignment * alignment;
    int64_t offset = 0;
    for (const size_t other : placed) {
      const BufferLife& neighbour = buffers[other];
      if (neighbour.last < buffer.first || buffer.last < neighbour.first) continue;
      if (offset + bytes <= layout.offsets[other]) break;
      const int64_t end = layout.offsets[other] + (neighbour.bytes + alignment - 1) / alignment * alignment;
      offset = std::max(offset, end);
    }
    layout.offsets[index] = offset;
    layout.bytes = std::max(layout.bytes, offset + bytes);
    const auto position = std::find_if(placed.begin(), placed.end(),
                                       [&](size_t other) { return layout.offsets[other] > offset; });
    placed.insert(position, index);
  }
  return layout;
}

}  // namespace t2ue
