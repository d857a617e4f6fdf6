#pragma once

#include <functional>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/data/records/pair_list.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/prefetch.hpp>

namespace t2ue {

T2UE_INLINE PairDataset PairDataset::subset(std::span<const int64_t> indices) const {
  PairDataset part;
  part.size = size;
  part.context_length = context_length;
  part.label_names = label_names;
  for (const int64_t i : indices) {
    check(i >= 0 && i < count(), "dataset", "item ", i, " is outside 0..", count() - 1);
    const auto at = static_cast<size_t>(i);
    part.keys.push_back(keys[at]);
    part.labels.push_back(labels[at]);
    const auto bytes = picture(i);
    part.pixels.insert(part.pixels.end(), bytes.begin(), bytes.end());
    for (int64_t row = caption_begin[at]; row < caption_begin[at + 1]; ++row) {
      part.captions.push_back(captions[static_cast<size_t>(row)]);
      if (ids.empty()) continue;
      part.end.push_back(end[static_cast<size_t>(row)]);
      part.ids.insert(part.ids.end(), ids.begin() + row * context_length,
                      ids.begin() + (row + 1) * context_length);
    }
    part.caption_begin.push_back(static_cast<int64_t>(part.captions.size()));
  }
  return part;
}

T2UE_INLINE void tokenise_captions(PairDataset& data, const Tokenizer& tokenizer, int context_length) {
  data.context_length = context_length;
  data.ids = tokenizer.encode_batch(data.captions, context_length);
  data.end = tokenizer.end_positions(data.ids, context_length);
}

namespace detail {
/// A picture ready for training, or why there is none.
struct LoadedPicture {
  std::vector<uint8_t> pixels;
  std::string problem;
};

inline LoadedPicture load_for_training(const PictureReader& reader, size_t record, int size, bool skip_bad) {
  try {
    return {reader.read_resized(record, size, size).pixels, {}};
  } catch (const Error& error) {
    if (!skip_bad) throw;
    return {{}, error.what()};
  }
}
}  // namespace detail

T2UE_INLINE PairDataset load_pair_dataset(const DatasetIndex& index, const Tokenizer& tokenizer,
                                          const PairLoadOptions& options) {
  check(options.size >= 1 && options.size <= 4096, "dataset", "a training size of ", options.size,
        " is outside 1..4096");
  const std::vector<Record>& records = index.records;
  check(!records.empty(), "dataset", "the data set has no records");
  PairDataset data;
  data.size = options.size;
  data.label_names = index.label_names;

  std::vector<int64_t> order(records.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  const PictureReader reader(index);
  const std::function<detail::LoadedPicture(int64_t)> load = [&](int64_t i) {
    return detail::load_for_training(reader, static_cast<size_t>(i), options.size, options.skip_bad);
  };
  Prefetcher<detail::LoadedPicture> pictures(load, order, {.batch_size = 64, .workers = options.workers});
  data.pixels.reserve(records.size() * data.picture_bytes());
  size_t next = 0;
  while (const auto batch = pictures.next()) {
    for (const detail::LoadedPicture& loaded : *batch) {
      const Record& record = records[next++];
      if (!loaded.problem.empty()) {
        data.skipped.push_back(loaded.problem);
        continue;
      }
      check(!record.captions.empty(), "dataset", "'", record.key, "' has no caption");
      data.keys.push_back(record.key);
      data.pixels.insert(data.pixels.end(), loaded.pixels.begin(), loaded.pixels.end());
      data.captions.insert(data.captions.end(), record.captions.begin(), record.captions.end());
      data.caption_begin.push_back(static_cast<int64_t>(data.captions.size()));
      data.labels.push_back(record.label);
    }
    if (options.progress)
      options.progress(static_cast<int64_t>(next), static_cast<int64_t>(records.size()),
                       pictures.waited_share());
  }
  check(data.count() > 0, "dataset", "none of the ", records.size(), " pictures could be read");
  tokenise_captions(data, tokenizer, options.context_length);
  return data;
}

T2UE_INLINE PairDataset load_pair_dataset(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                                          const PairLoadOptions& options) {
  return load_pair_dataset(read_pair_list(folder, {}), tokenizer, options);
}

T2UE_INLINE std::vector<std::string> captions_of(const DatasetIndex& index) {
  std::vector<std::string> captions;
  for (const Record& record : index.records)
    captions.insert(captions.end(), record.captions.begin(), record.captions.end());
  return captions;
}

T2UE_INLINE std::vector<std::string> captions_of_folder(const std::filesystem::path& folder) {
  return captions_of(read_pair_list(folder, {}));
}

}  // namespace t2ue
