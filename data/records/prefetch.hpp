// Loading items ahead of their use, on worker threads.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <t2ue/core/error.hpp>

namespace t2ue {

struct PrefetchOptions {
  int64_t batch_size = 1;
  int workers = 2;         ///< threads that load
  int batches_ahead = 4;   ///< at most so many batches are held in memory, the one being loaded included
  bool drop_last = false;  ///< leave out a last batch that is not full
};

/// Calls `load(item)` for every item of `order` on worker threads and hands the results over in batches, in
/// that order whatever the threads do. `load` runs on several threads at once. One thread uses the
/// Prefetcher.
template <class T>
class Prefetcher {
 public:
  Prefetcher(std::function<T(int64_t item)> load, std::vector<int64_t> order, PrefetchOptions options)
      : load_(std::move(load)), order_(std::move(order)), options_(options) {
    check(options.batch_size >= 1 && options.workers >= 1 && options.batches_ahead >= 1, "load",
          "batches of ", options.batch_size, ", ", options.workers, " workers and ", options.batches_ahead,
          " batches ahead are not possible; each is at least 1");
    const size_t batch = static_cast<size_t>(options.batch_size);
    if (options.drop_last) order_.resize(order_.size() / batch * batch);
    slots_.resize(std::min(order_.size(), batch * static_cast<size_t>(options.batches_ahead)));
    for (int i = 0; i < options.workers; ++i) workers_.emplace_back([this] { work(); });
  }

  ~Prefetcher() {
    stop();
    for (std::thread& worker : workers_) worker.join();
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The next batch, the last one possibly smaller; nothing behind it. If `load` threw for one of its items,
  /// throws Error naming the first such item and what was thrown, now and from then on.
  std::optional<std::vector<T>> next() {
    const auto called = Clock::now();
    if (!first_call_) first_call_ = called;
    std::unique_lock lock(mutex_);
    if (!failure_.empty()) throw Error(failure_);
    const size_t end = std::min(order_.size(), taken_ + static_cast<size_t>(options_.batch_size));
    std::vector<T> batch;
    batch.reserve(end - taken_);
    for (size_t position = taken_; position < end; ++position) {
      Slot& slot = slots_[position % slots_.size()];
      filled_.wait(lock, [&] { return slot.value.has_value() || !slot.error.empty(); });
      if (!slot.error.empty()) {
        failure_ = concat("[load] item ", order_[position], ": ", slot.error);
        lock.unlock();
        stop();
        throw Error(failure_);
      }
      batch.push_back(std::move(*slot.value));
      slot.value.reset();
    }
    taken_ = end;
    lock.unlock();
    emptied_.notify_all();
    last_return_ = Clock::now();
    waited_ += last_return_ - called;
    if (batch.empty()) return std::nullopt;
    return batch;
  }

  /// How many batches there are in all.
  int64_t batches() const {
    return (static_cast<int64_t>(order_.size()) + options_.batch_size - 1) / options_.batch_size;
  }

  /// The share of the time from the first call of next() to the end of the last one that was spent inside
  /// next(): near 0, loading keeps up; near 1, everything waits for it.
  double waited_share() const {
    if (!first_call_ || last_return_ <= *first_call_) return 0.0;
    return std::chrono::duration<double>(waited_) /
           std::chrono::duration<double>(last_return_ - *first_call_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Slot {
    std::optional<T> value;
    std::string error;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      emptied_.wait(lock,
                    [&] { return stopped_ || begun_ == order_.size() || begun_ < taken_ + slots_.size(); });
      if (stopped_ || begun_ == order_.size()) return;
      const size_t position = begun_++;
      lock.unlock();
      Slot result = load_one(order_[position]);
      lock.lock();
      slots_[position % slots_.size()] = std::move(result);
      filled_.notify_one();
    }
  }

  Slot load_one(int64_t item) const {
    try {
      return {load_(item), ""};
    } catch (const std::exception& error) {
      return {std::nullopt, error.what()};
    } catch (...) {
      return {std::nullopt, "something that is not a std::exception was thrown"};
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    emptied_.notify_all();
  }

  const std::function<T(int64_t)> load_;
  std::vector<int64_t> order_;
  const PrefetchOptions options_;

  std::mutex mutex_;  // guards what follows, up to failure_
  std::condition_variable filled_, emptied_;
  std::vector<Slot> slots_;  // a ring: position p of `order_` is in slot p % size
  size_t begun_ = 0;         // positions that a worker has taken on
  size_t taken_ = 0;         // positions that next() has handed over
  bool stopped_ = false;
  std::string failure_;

  std::optional<Clock::time_point> first_call_;
  Clock::time_point last_return_{};
  Clock::duration waited_{};
  std::vector<std::thread> workers_;  // last, so that all the rest is there when they start
};

}  // namespace t2ue
