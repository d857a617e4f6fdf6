#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

struct Mixup : TinyClassifierTest {
  Mixup() { recipe.mixup_alpha = 0.4f; }
};

TEST_F(Mixup, ChangesClassifiersTrainingDeterministically) {
  const auto mixed = after(5);
  EXPECT_EQ(after(5), mixed);
  EXPECT_EQ(after(5, Execution::eager), mixed);
  recipe.mixup_alpha = 0;
  EXPECT_NE(after(5), mixed);
}

TEST_F(Mixup, AClassifierStillLearns) {
  EXPECT_LT(last_over_first(), 0.9f);
}

TEST_F(Mixup, IsRefusedForClip) {
  EXPECT_THAT(error_of([&] { ClipTrainer(tiny_clip(), recipe, data); }), HasSubstr("mixup_alpha"));
}

TEST_F(Mixup, MixturesFollowSeedAndStepAndNobodyIsTheirOwnPartner) {
  Batch batch(5, data.size, 1, {});
  const auto drawn = [&](uint64_t seed, int64_t step) {
    batch.draw_mixture(0.4f, seed, step);
    return std::pair{batch.share.item(), batch.shift.to_vector<int32_t>()[0]};
  };
  EXPECT_EQ(drawn(1, 2), drawn(1, 2));
  EXPECT_NE(drawn(1, 2).first, drawn(1, 3).first);
  EXPECT_NE(drawn(1, 2).first, drawn(2, 2).first);
  std::vector<int> shifts(5, 0);
  for (int64_t step = 0; step < 200; ++step) {
    const auto [share, shift] = drawn(1, step);
    EXPECT_GE(share, 0);
    EXPECT_LE(share, 1);
    ++shifts.at(static_cast<size_t>(shift));
  }
  EXPECT_EQ(shifts[0], 0);
  for (size_t shift = 1; shift < 5; ++shift) EXPECT_GT(shifts[shift], 25) << shift;
}

}  // namespace
}  // namespace t2ue
