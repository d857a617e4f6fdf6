#include <gtest/gtest.h>

#include <algorithm>

#include <t2ue/core/arena.hpp>
#include <t2ue/core/rng.hpp>

#include "plan/no_overlap.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_plan;

/// The bytes alive at the busiest moment, every buffer rounded up to the alignment: no layout can be smaller.
int64_t peak(const std::vector<BufferLife>& buffers) {
  int64_t most = 0;
  for (const BufferLife& moment : buffers) {
    int64_t alive = 0;
    for (const BufferLife& b : buffers)
      if (b.first <= moment.first && moment.first <= b.last) alive += (b.bytes + 63) / 64 * 64;
    most = std::max(most, alive);
  }
  return most;
}

std::vector<BufferLife> random_buffers(uint64_t item) {
  Random random(5, Purpose::test, item);
  const uint32_t count = random.below(40), launches = 1 + random.below(50), largest = 1u << random.below(14);
  std::vector<BufferLife> buffers(count);
  for (BufferLife& b : buffers) {
    b.bytes = random.below(largest + 1);
    b.first = static_cast<int>(random.below(launches));
    b.last = b.first + static_cast<int>(random.below(launches - static_cast<uint32_t>(b.first)));
  }
  return buffers;
}

TEST(Arena, NoTwoLiveBuffersShareAByte) {
  double used = 0, needed = 0;
  for (uint64_t item = 0; item < 5000; ++item) {
    SCOPED_TRACE(item);
    const std::vector<BufferLife> buffers = random_buffers(item);
    const ArenaLayout layout = lay_out_arena(buffers);
    ASSERT_NO_FATAL_FAILURE(expect_no_overlap(buffers, layout));
    ASSERT_GE(layout.bytes, peak(buffers));
    used += static_cast<double>(layout.bytes), needed += static_cast<double>(peak(buffers));
  }
  EXPECT_LT(used, 1.15 * needed) << "the layouts waste memory";
}

TEST(Arena, NothingNeedsNothing) {
  EXPECT_EQ(lay_out_arena({}).bytes, 0);
}

TEST(Arena, BuffersThatNeverMeetShareAndOthersDoNot) {
  EXPECT_EQ(lay_out_arena({{1000, 0, 1}, {1000, 2, 3}, {500, 4, 4}}).bytes, 1024);
  EXPECT_EQ(lay_out_arena({{1000, 0, 2}, {1000, 2, 3}}).bytes, 2048) << "both are alive at launch 2";
}

TEST(Arena, AGapBetweenLiveBuffersIsUsed) {
  // The first and the third stay; the second frees the middle, into which the fourth fits.
  const ArenaLayout layout = lay_out_arena({{640, 0, 9}, {320, 0, 3}, {128, 0, 9}, {320, 4, 9}});
  EXPECT_EQ(layout.bytes, 640 + 320 + 128);
}

}  // namespace
