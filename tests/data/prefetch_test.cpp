#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/records/prefetch.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

std::vector<int64_t> numbers(int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST(Prefetch, BatchesComeInOrderWhateverTheThreadsDo) {
  const auto order = shuffled_order(103, 1, 1);
  for (const int workers : {1, 2, 7})
    for (const int ahead : {1, 3}) {
      Prefetcher<int64_t> loader(
          [](int64_t item) {
            std::this_thread::sleep_for(std::chrono::microseconds(item * 37 % 200));
            return item * item;
          },
          order, {.batch_size = 10, .workers = workers, .batches_ahead = ahead});
      EXPECT_EQ(loader.batches(), 11);
      size_t at = 0;
      while (const auto batch = loader.next()) {
        EXPECT_EQ(batch->size(), at < 100 ? 10u : 3u);
        for (const int64_t value : *batch) {
          ASSERT_LT(at, order.size());
          EXPECT_EQ(value, order[at] * order[at]);
          ++at;
        }
      }
      EXPECT_EQ(at, order.size());
      EXPECT_FALSE(loader.next().has_value());
    }
}

TEST(Prefetch, DropLast) {
  Prefetcher<int64_t> loader([](int64_t item) { return item; }, numbers(7),
                             {.batch_size = 3, .drop_last = true});
  EXPECT_EQ(loader.batches(), 2);
  EXPECT_EQ(loader.next()->back(), 2);
  EXPECT_EQ(loader.next()->back(), 5);
  EXPECT_FALSE(loader.next().has_value());
}

TEST(Prefetch, NoItems) {
  Prefetcher<int64_t> loader([](int64_t item) { return item; }, {}, {.batch_size = 3});
  EXPECT_FALSE(loader.next().has_value());
  EXPECT_EQ(loader.batches(), 0);
  EXPECT_GE(loader.waited_share(), 0.0);
}

TEST(Prefetch, HoldsNoMoreThanAsked) {
  std::atomic<int> loaded = 0;
  Prefetcher<int64_t> loader([&](int64_t item) { return ++loaded, item; }, numbers(100),
                             {.batch_size = 5, .workers = 4, .batches_ahead = 2});
  const auto settle = [&](int expected) {
    for (int i = 0; i < 1000 && loaded < expected; ++i) std::this_thread::sleep_for(5ms);
    std::this_thread::sleep_for(30ms);  // would it go on?
    EXPECT_EQ(loaded, expected);
  };
  settle(10);
  loader.next();
  settle(15);
}  // and is destroyed with most of it unread

TEST(Prefetch, AnErrorSurfacesInItsBatchAndStays) {
  Prefetcher<int64_t> loader(
      [](int64_t item) -> int64_t {
        if (item == 14) throw std::runtime_error("no such picture");
        if (item == 13) fail("image", "truncated");
        return item;
      },
      numbers(50), {.batch_size = 10, .workers = 3});
  EXPECT_EQ(loader.next()->size(), 10u);
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(error_of([&] { loader.next(); }),
                AllOf(HasSubstr("item 13"), HasSubstr("[image] truncated")));
}

TEST(Prefetch, ForeignExceptionsBecomeErrors) {
  Prefetcher<int> loader([](int64_t) -> int { throw 3; }, numbers(2), {.batch_size = 1});
  EXPECT_THAT(error_of([&] { loader.next(); }), HasSubstr("item 0"));
}

TEST(Prefetch, MoveOnlyValues) {
  Prefetcher<std::unique_ptr<int64_t>> loader([](int64_t item) { return std::make_unique<int64_t>(item); },
                                              numbers(4), {.batch_size = 4});
  EXPECT_EQ(*loader.next()->at(3), 3);
}

TEST(Prefetch, WaitedShare) {
  const auto share = [](std::chrono::milliseconds load, std::chrono::milliseconds use) {
    Prefetcher<int64_t> loader([=](int64_t item) { return std::this_thread::sleep_for(load), item; },
                               numbers(20), {.batch_size = 2, .workers = 1});
    while (loader.next()) std::this_thread::sleep_for(use);
    return loader.waited_share();
  };
  EXPECT_GT(share(5ms, 0ms), 0.9);
  EXPECT_LT(share(0ms, 10ms), 0.5);
}

TEST(Prefetch, ImpossibleOptions) {
  const auto with = [](PrefetchOptions options) {
    Prefetcher<int64_t>([](int64_t item) { return item; }, {}, options);
  };
  EXPECT_THROW(with({.batch_size = 0}), Error);
  EXPECT_THROW(with({.workers = 0}), Error);
  EXPECT_THROW(with({.batches_ahead = 0}), Error);
}

}  // namespace
