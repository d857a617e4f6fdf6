// What a step of a NoiseTrainer reads: a batch, and the row of the noise table for each of its pictures.
#pragma once

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/training/batch.hpp>

namespace t2ue {

/// A Batch with rows and classes i32 [B], -1 where a place is left over: such a place shows the last item
/// again, its noise is zero and it moves none. counter i32 [1] is what augmentation draws by.
class NoiseBatch {
 public:
  NoiseBatch(const PairDataset& data, int64_t size, Device device);

  const Batch& tensors() const { return batch_; }
  const Tensor& rows() const { return rows_; }
  const Tensor& classes() const { return classes_; }
  const Tensor& counter() const { return counter_; }
  /// What it was filled with.
  const std::vector<int64_t>& items() const { return items_; }
  /// Seconds spent so far on filling.
  double seconds() const { return seconds_; }

  /// Pictures, captions and labels of up to a batch of items; no rows without `row_of_item`.
  void fill(std::span<const int64_t> items, int64_t epoch, std::span<const int32_t> row_of_item);
  void count(int64_t number);

  /// The labels become (y + shift) mod K.
  void shift_labels(int shift);

  /// Deals the items' captions out anew, in an order drawn by (seed, number); show_captions() shows it.
  void shuffle_captions(uint64_t seed, int64_t number);
  /// Puts `tokens` trigger tokens in front of every caption, those of the place's own item: `triggers` is
  /// [items of the data set, tokens]. What no longer fits is cut, and the end token stays.
  void show_captions(std::span<const int32_t> triggers, int tokens);

 private:
  int64_t item_at(int64_t b) const { return items_[std::min(static_cast<size_t>(b), items_.size() - 1)]; }

  const PairDataset& data_;
  Batch batch_;
  Tensor rows_, classes_, counter_;
  StagedCopy rows_in_{rows_}, classes_in_{classes_}, counter_in_{counter_};
  std::vector<int64_t> items_, captions_of_;  ///< of every place, the item whose caption it shows
  int64_t epoch_ = 0;
  double seconds_ = 0;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/noise_batch.inl.hpp>
#endif
