// What a step of a NoiseTrainer reads: a batch, and the row of the noise table for each of its pictures.
#pragma once

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include <t2ue/training/batch.hpp>

namespace t2ue {

/// A Batch with rows and classes i32 [B], -1 where a place is left over: such a place shows the last item
/// again, its noise is zero and it moves none. counter i32 [1] is what augmentation draws by.
class NoiseBatch {
 public:
  NoiseBatch(const PairDataset& data, int64_t size, Device device)
      : data_(data),
        batch_(size, data.size, std::max(data.context_length, 1), device),
        rows_(Tensor::zeros({size}, DType::i32, device)),
        classes_(Tensor::zeros({size}, DType::i32, device)),
        counter_(Tensor::zeros({1}, DType::i32, device)) {}

  const Batch& tensors() const { return batch_; }
  const Tensor& rows() const { return rows_; }
  const Tensor& classes() const { return classes_; }
  const Tensor& counter() const { return counter_; }
  /// What it was filled with.
  const std::vector<int64_t>& items() const { return items_; }
  /// Seconds spent so far on filling.
  double seconds() const { return seconds_; }

  /// Pictures, captions and labels of up to a batch of items; no rows without `row_of_item`.
  void fill(std::span<const int64_t> items, int64_t epoch, std::span<const int32_t> row_of_item) {
    const auto before = std::chrono::steady_clock::now();
    batch_.fill(data_, items, epoch, 0);
    items_.assign(items.begin(), items.end());
    captions_of_.clear();
    for (int64_t b = 0; b < batch_.size(); ++b) captions_of_.push_back(item_at(b));
    epoch_ = epoch;
    const std::span<int32_t> rows = rows_in_.begin<int32_t>(), classes = classes_in_.begin<int32_t>();
    for (size_t b = 0; b < rows.size(); ++b) {
      const size_t item = b < items.size() ? static_cast<size_t>(items[b]) : 0;
      rows[b] = b < items.size() && !row_of_item.empty() ? row_of_item[item] : -1;
      classes[b] = b < items.size() ? data_.labels[item] : -1;
    }
    rows_in_.commit();
    classes_in_.commit();
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  }
  void count(int64_t number) {
    counter_in_.begin<int32_t>()[0] = static_cast<int32_t>(number);
    counter_in_.commit();
  }

  /// The labels become (y + shift) mod K.
  void shift_labels(int shift) {
    const auto classes = static_cast<int32_t>(data_.label_names.size());
    std::vector<int32_t> targets;
    for (int64_t b = 0; b < batch_.size(); ++b)
      targets.push_back((data_.labels[static_cast<size_t>(item_at(b))] + shift) % classes);
    batch_.labels.assign(targets);
  }

  /// Deals the items' captions out anew, in an order drawn by (seed, number); show_captions() shows it.
  void shuffle_captions(uint64_t seed, int64_t number) {
    Random random(seed, Purpose::caption_shuffle, static_cast<uint64_t>(number));
    for (size_t i = items_.size() - 1; i > 0; --i)
      std::swap(captions_of_[i], captions_of_[random.below(static_cast<uint32_t>(i + 1))]);
  }
  /// Puts `tokens` trigger tokens in front of every caption, those of the place's own item: `triggers` is
  /// [items of the data set, tokens]. What no longer fits is cut, and the end token stays.
  void show_captions(std::span<const int32_t> triggers, int tokens) {
    const int64_t length = data_.context_length;
    std::vector<int32_t> ids(static_cast<size_t>(batch_.size() * length), 0), ends;
    for (int64_t b = 0; b < batch_.size(); ++b) {
      const int64_t row = data_.caption_row(captions_of_[static_cast<size_t>(b)], epoch_);
      const int32_t* caption = data_.ids.data() + row * length;
      const int64_t end = data_.end[static_cast<size_t>(row)], kept = std::min(end - 1, length - tokens - 2);
      int32_t* to = ids.data() + b * length;
      *to++ = caption[0];
      to = std::copy_n(triggers.data() + item_at(b) * tokens, tokens, to);
      to = std::copy_n(caption + 1, kept, to);
      *to = caption[end];
      ends.push_back(static_cast<int32_t>(1 + tokens + kept));
    }
    batch_.ids.assign(ids);
    batch_.end.assign(ends);
  }

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
