#pragma once

#include <t2ue/training/noise_batch.hpp>

namespace t2ue {

T2UE_INLINE NoiseBatch::NoiseBatch(const PairDataset& data, int64_t size, Device device)
    : data_(data),
      batch_(size, data.size, std::max(data.context_length, 1), device),
      rows_(Tensor::zeros({size}, DType::i32, device)),
      classes_(Tensor::zeros({size}, DType::i32, device)),
      counter_(Tensor::zeros({1}, DType::i32, device)) {}

T2UE_INLINE void NoiseBatch::fill(std::span<const int64_t> items, int64_t epoch,
                                  std::span<const int32_t> row_of_item) {
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

T2UE_INLINE void NoiseBatch::count(int64_t number) {
  counter_in_.begin<int32_t>()[0] = static_cast<int32_t>(number);
  counter_in_.commit();
}

T2UE_INLINE void NoiseBatch::shift_labels(int shift) {
  const auto classes = static_cast<int32_t>(data_.label_names.size());
  std::vector<int32_t> targets;
  for (int64_t b = 0; b < batch_.size(); ++b)
    targets.push_back((data_.labels[static_cast<size_t>(item_at(b))] + shift) % classes);
  batch_.labels.assign(targets);
}

T2UE_INLINE void NoiseBatch::shuffle_captions(uint64_t seed, int64_t number) {
  Random random(seed, Purpose::caption_shuffle, static_cast<uint64_t>(number));
  for (size_t i = items_.size() - 1; i > 0; --i)
    std::swap(captions_of_[i], captions_of_[random.below(static_cast<uint32_t>(i + 1))]);
}

T2UE_INLINE void NoiseBatch::show_captions(std::span<const int32_t> triggers, int tokens) {
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

}  // namespace t2ue
