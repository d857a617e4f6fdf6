// What is in a data set, in numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// Smallest, mean and largest of some numbers; all 0 if there are none.
struct Spread {
  int64_t least = 0, most = 0;
  double mean = 0;
};
Spread spread_of(std::span<const int64_t> numbers);

/// What the index alone tells.
struct TextSummary {
  int64_t captions = 0;
  Spread captions_a_picture, words_a_caption;  ///< words: what blanks separate
  int64_t distinct_words = 0;                  ///< letters a-z in any case count as the same
  std::vector<int64_t> label_counts;           ///< by label
  int64_t unlabelled = 0;
};
TextSummary summarise_texts(const DatasetIndex& index);

/// What a sample of the pictures tells.
struct PictureSummary {
  int64_t sampled = 0;
  Spread heights, widths;
  int64_t distinct_sizes = 0;
  BadRecords bad;  ///< of the sample: pictures that cannot be read
};

/// Up to `count` numbers below `total`, evenly spread, rising.
std::vector<int64_t> spread_sample(int64_t total, int64_t count);

/// Decodes the pictures of `records` (rising numbers) on `workers` threads and calls `visit(record, image)`
/// for each that can be read, in that order, on the calling thread. Records without picture are passed over.
PictureSummary visit_pictures(const DatasetIndex& index, std::vector<int64_t> records, int workers,
                              const std::function<void(size_t record, const Image& image)>& visit);

/// The perceptual hashes of the pictures of an index, decoded and hashed on several threads.
struct PictureHashes {
  std::vector<size_t> records;   ///< those whose picture could be read
  std::vector<uint64_t> hashes;  ///< perceptual_hash() of each
  BadRecords bad;
};
/// Called now and then with records done, in all, and the share of the time spent waiting for their pictures.
using PictureProgress = std::function<void(int64_t done, int64_t total, double waiting)>;
PictureHashes hash_pictures(const DatasetIndex& index, int workers, const PictureProgress& progress = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/dataset_summary.inl.hpp>
#endif
