#pragma once

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_set>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/perceptual_hash.hpp>
#include <t2ue/data/records/dataset_summary.hpp>
#include <t2ue/data/records/picture_reader.hpp>
#include <t2ue/data/records/prefetch.hpp>

namespace t2ue {
namespace detail {

/// What was made of a picture, or why nothing was.
template <class T>
struct Made {
  T value{};
  std::string problem;
};

/// make(image) of the pictures of `records` on `workers` threads; `visit` gets what it gave, in order, and
/// the share of the time spent waiting for it so far.
template <class T, class Make, class Visit>
void make_of_pictures(const DatasetIndex& index, std::vector<int64_t> records, int workers, const Make& make,
                      const Visit& visit) {
  std::erase_if(records, [&](int64_t record) {
    return index.records[static_cast<size_t>(record)].picture.form == PictureForm::none;
  });
  const PictureReader reader(index);
  Prefetcher<Made<T>> pictures(
      [&](int64_t record) -> Made<T> {
        try {
          return {make(reader.read(static_cast<size_t>(record))), {}};
        } catch (const Error& error) {
          return {{}, error.what()};
        }
      },
      records, {.batch_size = 16, .workers = workers});
  size_t next = 0;
  while (const auto batch = pictures.next())
    for (const Made<T>& made : *batch)
      visit(static_cast<size_t>(records[next++]), made, pictures.waited_share());
}

}  // namespace detail

T2UE_INLINE Spread spread_of(std::span<const int64_t> numbers) {
  if (numbers.empty()) return {};
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  double sum = 0;
  for (const int64_t number : numbers) sum += static_cast<double>(number);
  return {*least, *most, sum / static_cast<double>(numbers.size())};
}

T2UE_INLINE TextSummary summarise_texts(const DatasetIndex& index) {
  TextSummary summary;
  summary.label_counts.resize(index.label_names.size());
  std::vector<int64_t> captions, words;
  std::unordered_set<std::string> distinct;
  for (const Record& record : index.records) {
    captions.push_back(static_cast<int64_t>(record.captions.size()));
    if (record.label >= 0)
      ++summary.label_counts.at(static_cast<size_t>(record.label));
    else
      ++summary.unlabelled;
    for (const std::string& caption : record.captions) {
      constexpr const char* blanks = " \t\r\n\v\f";
      int64_t count = 0;
      for (size_t begin = caption.find_first_not_of(blanks); begin != std::string::npos;) {
        const size_t end = std::min(caption.find_first_of(blanks, begin), caption.size());
        std::string word = caption.substr(begin, end - begin);
        for (char& c : word)
          if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        distinct.insert(std::move(word));
        ++count;
        begin = caption.find_first_not_of(blanks, end);
      }
      words.push_back(count);
    }
  }
  summary.captions = static_cast<int64_t>(words.size());
  summary.captions_a_picture = spread_of(captions);
  summary.words_a_caption = spread_of(words);
  summary.distinct_words = static_cast<int64_t>(distinct.size());
  return summary;
}

T2UE_INLINE std::vector<int64_t> spread_sample(int64_t total, int64_t count) {
  count = std::min(total, count);
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(i * total / count);
  return numbers;
}

T2UE_INLINE PictureSummary visit_pictures(const DatasetIndex& index, std::vector<int64_t> records,
                                          int workers,
                                          const std::function<void(size_t, const Image&)>& visit) {
  PictureSummary summary;
  std::vector<int64_t> heights, widths;
  std::set<std::pair<int, int>> sizes;
  detail::make_of_pictures<Image>(
      index, std::move(records), workers, [](Image image) { return image; },
      [&](size_t record, const detail::Made<Image>& made, double) {
        ++summary.sampled;
        if (!made.problem.empty()) {
          summary.bad.add(made.problem);
          return;
        }
        heights.push_back(made.value.height);
        widths.push_back(made.value.width);
        sizes.emplace(made.value.height, made.value.width);
        if (visit) visit(record, made.value);
      });
  summary.heights = spread_of(heights);
  summary.widths = spread_of(widths);
  summary.distinct_sizes = static_cast<int64_t>(sizes.size());
  return summary;
}

T2UE_INLINE PictureHashes hash_pictures(const DatasetIndex& index, int workers,
                                        const PictureProgress& progress) {
  PictureHashes result;
  std::vector<int64_t> all(index.records.size());
  std::iota(all.begin(), all.end(), int64_t{0});
  const auto total = static_cast<int64_t>(all.size());
  detail::make_of_pictures<uint64_t>(
      index, std::move(all), workers, [](const Image& image) { return perceptual_hash(image); },
      [&](size_t record, const detail::Made<uint64_t>& made, double waiting) {
        if (made.problem.empty()) {
          result.records.push_back(record);
          result.hashes.push_back(made.value);
        } else {
          result.bad.add(made.problem);
        }
        if (progress) progress(static_cast<int64_t>(record) + 1, total, waiting);
      });
  return result;
}

}  // namespace t2ue
