#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include <t2ue/data/text/caption_words.hpp>
#include <t2ue/methods/caption_features.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

T2UE_INLINE CaptionFeatures encoder_features(std::shared_ptr<CaptionEncoder> encoder) {
  check(encoder != nullptr, "caption features", "there is no text tower");
  const int64_t width = encoder->config().embed_dim;
  return {"a text tower", width, [encoder = std::move(encoder)](std::span<const std::string> captions) {
            return encoder->encode(captions);
          }};
}

T2UE_INLINE CaptionFeatures table_features(std::span<const std::string> captions,
                                           std::span<const float> matrix) {
  check(!captions.empty() && !matrix.empty() && matrix.size() % captions.size() == 0, "caption features",
        matrix.size(), " numbers are no table of ", captions.size(), " rows");
  const size_t width = matrix.size() / captions.size();
  auto table = std::make_shared<std::unordered_map<std::string, std::vector<float>>>();
  for (size_t i = 0; i < captions.size(); ++i) {
    const auto row = matrix.subspan(i * width, width);
    const auto [place, added] = table->emplace(captions[i], std::vector<float>(row.begin(), row.end()));
    check(added || std::equal(row.begin(), row.end(), place->second.begin()), "caption features",
          "the caption '", captions[i], "' comes twice with different features");
  }
  return {"a table", static_cast<int64_t>(width), [table, width](std::span<const std::string> wanted) {
            std::vector<float> rows;
            rows.reserve(wanted.size() * width);
            for (const std::string& caption : wanted) {
              const auto found = table->find(caption);
              check(found != table->end(), "caption features", "the table has no row for the caption '",
                    caption, "'");
              rows.insert(rows.end(), found->second.begin(), found->second.end());
            }
            return rows;
          }};
}

T2UE_INLINE CaptionFeatures word_features(std::span<const std::string> captions, int width) {
  check(!captions.empty(), "caption features", "there are no captions to learn from how rare words are");
  check(width >= 1 && width <= 65536, "caption features", "a width of ", width, " is outside 1..65536");
  auto captions_with = std::make_shared<std::map<std::string, double>>();
  for (const std::string& caption : captions)
    for (const std::string& word : words_of(caption)) (*captions_with)[word] += 1;
  const auto count = static_cast<double>(captions.size());
  return {"words", width, [captions_with, count, width](std::span<const std::string> wanted) {
            const auto columns = static_cast<size_t>(width);
            std::vector<float> rows(wanted.size() * columns);
            for (size_t i = 0; i < wanted.size(); ++i)
              for (const std::string& word : words_of(wanted[i])) {
                const auto found = captions_with->find(word);
                const double rarity = std::log(count / (found == captions_with->end() ? 1.0 : found->second));
                const uint64_t hash = item_number(word);
                const double sign = (hash >> 63) != 0 ? -1.0 : 1.0;
                rows[i * columns + hash % columns] += static_cast<float>(sign * rarity);
              }
            return rows;
          }};
}

T2UE_INLINE std::vector<double> unit_features(const CaptionFeatures& features,
                                              std::span<const std::string> captions) {
  check(features.rows != nullptr && features.width > 0, "caption features", "there are none");
  const std::vector<float> raw = features.rows(captions);
  const auto width = static_cast<size_t>(features.width);
  check(raw.size() == captions.size() * width, "caption features", "got ", raw.size(), " numbers for ",
        captions.size(), " captions of ", width, " each");
  std::vector<double> rows(raw.begin(), raw.end());
  for (size_t i = 0; i < captions.size(); ++i) {
    double squares = 0;
    for (size_t j = 0; j < width; ++j) squares += rows[i * width + j] * rows[i * width + j];
    check(std::isfinite(squares), "caption features", "those of '", captions[i], "' are not finite");
    if (squares == 0) continue;
    for (size_t j = 0; j < width; ++j) rows[i * width + j] /= std::sqrt(squares);
  }
  return rows;
}

}  // namespace t2ue
