// Captioned pictures in memory, ready for training: decoded, resized, tokenised.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/tokenizer.hpp>

namespace t2ue {

/// Pictures [N,size,size,3] (u8) with keys, captions and class labels. Item i's captions are the token rows
/// caption_begin[i] .. caption_begin[i+1]-1.
struct PairDataset {
  int size = 0;
  int context_length = 0;
  std::vector<std::string> keys;
  std::vector<uint8_t> pixels;
  std::vector<std::string> captions;      ///< all of them, in token-row order
  std::vector<int32_t> ids;               ///< [rows, context_length]
  std::vector<int32_t> end;               ///< [rows]: position of the end-of-text token
  std::vector<int64_t> caption_begin{0};  ///< [N+1]
  std::vector<std::string> label_names;   ///< distinct; sorted where the data set has no order of its own
  std::vector<int32_t> labels;            ///< [N], index into label_names; -1 without a label
  std::vector<std::string> skipped;       ///< why pictures were left out with skip_bad, one text each

  int64_t count() const { return static_cast<int64_t>(keys.size()); }
  size_t picture_bytes() const { return static_cast<size_t>(size) * static_cast<size_t>(size) * 3; }
  std::span<const uint8_t> picture(int64_t i) const {
    return {pixels.data() + static_cast<size_t>(i) * picture_bytes(), picture_bytes()};
  }
  std::span<const std::string> captions_of(int64_t i) const {
    const auto first = static_cast<size_t>(caption_begin[static_cast<size_t>(i)]),
               after = static_cast<size_t>(caption_begin[static_cast<size_t>(i) + 1]);
    return std::span(captions).subspan(first, after - first);
  }
  /// What noise for item i is made from: its first caption, or all of them as joined_captions().
  std::string noise_text(int64_t i, bool all_captions) const {
    return all_captions ? joined_captions(captions_of(i)) : captions_of(i).front();
  }
  /// Puts another picture and as many captions in the place of item i's. Token ids stay as they are.
  void replace(int64_t i, std::span<const uint8_t> picture, std::span<const std::string> texts) {
    std::copy(picture.begin(), picture.end(), pixels.begin() + i * static_cast<int64_t>(picture_bytes()));
    std::copy(texts.begin(), texts.end(), captions.begin() + caption_begin[static_cast<size_t>(i)]);
  }
  /// The token row that item i uses in an epoch: its captions take turns.
  int64_t caption_row(int64_t i, int64_t epoch) const {
    const int64_t first = caption_begin[static_cast<size_t>(i)],
                  after = caption_begin[static_cast<size_t>(i) + 1];
    return first + epoch % (after - first);
  }
  /// The items at `indices`, in that order.
  PairDataset subset(std::span<const int64_t> indices) const;
};

struct PairLoadOptions {
  int size = 32;  ///< pictures are squashed to size x size
  int context_length = 77;
  bool skip_bad = false;  ///< leave out pictures that cannot be read (counted) instead of stopping
  int workers = 2;
  /// Called now and then with items done, items in all, and the share of time spent waiting for decoding.
  std::function<void(int64_t, int64_t, double)> progress;
};

/// Tokens of captions: fills ids and end.
void tokenise_captions(PairDataset& data, const Tokenizer& tokenizer, int context_length);

/// Decodes the pictures of an index. Alpha is laid over white. Throws Error naming the picture that cannot be
/// read, unless skip_bad, and for a record without captions.
PairDataset load_pair_dataset(const DatasetIndex& index, const Tokenizer& tokenizer,
                              const PairLoadOptions& options);

/// load_pair_dataset() of a pairs folder (pairs.jsonl and pictures).
PairDataset load_pair_dataset(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                              const PairLoadOptions& options);

/// All captions of an index, in order: what a vocabulary is learned from.
std::vector<std::string> captions_of(const DatasetIndex& index);
/// All captions of a pairs folder, in order.
std::vector<std::string> captions_of_folder(const std::filesystem::path& folder);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/pair_dataset.inl.hpp>
#endif
