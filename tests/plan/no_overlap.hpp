// The property that every arena must have: live buffers do not overlap.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include <t2ue/core/arena.hpp>

namespace t2ue::testing_plan {

/// Every buffer lies inside the arena at a multiple of 64 bytes, and no two that are alive together share a
/// byte.
inline void expect_no_overlap(const std::vector<BufferLife>& buffers, const ArenaLayout& layout) {
  ASSERT_EQ(layout.offsets.size(), buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    const int64_t begin = layout.offsets[i], end = begin + buffers[i].bytes;
    ASSERT_GE(begin, 0);
    ASSERT_EQ(begin % 64, 0);
    ASSERT_LE(end, layout.bytes);
    for (size_t j = 0; j < i; ++j) {
      const bool meet = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      const bool share = begin < layout.offsets[j] + buffers[j].bytes && layout.offsets[j] < end;
      ASSERT_FALSE(meet && share) << "buffers " << j << " and " << i;
    }
  }
}

}  // namespace t2ue::testing_plan
