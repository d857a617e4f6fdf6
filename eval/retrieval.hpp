// Image-text retrieval, both ways: `Hit@k` and ranks that ties cannot inflate, with the exact chance level.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/device.hpp>
#include <t2ue/core/statistics.hpp>

namespace t2ue {

/// The k of `Hit@k`, in the order of every array of hits below.
inline constexpr std::array<int64_t, 3> kHitAt = {1, 5, 10};

/// What a random order of the gallery would give, exactly.
struct RetrievalChance {
  std::array<double, 3> hit{};  ///< per cent
  double median_rank = 0;       ///< median of the rank's distribution over the queries and all orders
  double mean_rank = 0;  ///< of (gallery + 1) / (partners + 1), what one query expects, over the queries
};

/// Where the best-placed partners of one query stand: `partners` of them share the best score of its
/// partners, `greater` other items score higher, `equal` others the same.
struct QueryStanding {
  int64_t partners = 1;
  int64_t greater = 0;
  int64_t equal = 0;

  /// The expected place, from 1, of the first partner in a random order of those tied.
  double rank() const {
    return 1 + static_cast<double>(greater) + static_cast<double>(equal) / static_cast<double>(partners + 1);
  }
  int64_t rank_optimistic() const { return 1 + greater; }
  int64_t rank_pessimistic() const { return 1 + greater + equal; }
  /// The probability that a partner is among the first k.
  double hit(int64_t k) const { return first_hit_probability(partners, equal, k - greater); }
};

/// The figures of one direction. A query's rank is the place of its best-placed partner, starting at 1. Where
/// other items have exactly the partner's score, every figure is the expectation over a random order of those
/// tied: with one partner, `rank = 1 + greater + (equal - 1) / 2`. So a collapsed model (all scores equal)
/// gets exactly the chance level. `optimistic` puts the partner first among the tied, `pessimistic` last.
struct RetrievalDirection {
  int64_t queries = 0;
  int64_t gallery = 0;
  std::array<double, 3> hit{};  ///< Hit@1, 5, 10, per cent
  std::array<double, 3> hit_optimistic{};
  std::array<double, 3> hit_pessimistic{};
  std::array<Interval, 3> hit_interval{};  ///< 95 % bootstrap over pictures, of `hit`
  double mean_rank = 0;
  double mean_rank_optimistic = 0;
  double mean_rank_pessimistic = 0;
  double median_rank = 0;  ///< median of the queries' (average) ranks
  double median_rank_optimistic = 0;
  double median_rank_pessimistic = 0;
  double median_rank_published = 0;  ///< floor(median of rank - 1) + 1, as open_clip and its kin print it
  double tied = 0;                   ///< queries with a tie at their partner's score, per cent
  RetrievalChance chance;
  std::vector<QueryStanding> standings;  ///< of every query, in the order of its features' rows
};

struct RetrievalResult {
  RetrievalDirection image_to_text;
  RetrievalDirection text_to_image;
};

/// Ranks every text for every image and back by dot product: pass rows of length 1 for the cosine.
/// `image_features` is [images, dim], `text_features` is [texts, dim], both row-major.
///
/// `owner` empty: one to one; text i belongs to image i and the two numbers must agree. Otherwise several
/// captions, any hit: text j belongs to image `owner[j]`, an image's rank is that of its best-placed caption,
/// and every image has at least one.
///
/// Holds no score matrix, only a few numbers a query; scores are counted on `device`. The same features give
/// the same bits with any number of threads. Throws Error for sizes that do not fit, an owner out of range,
/// an image without a caption, and for features that are NaN, infinite or of a length above 1e18.
RetrievalResult retrieval(std::span<const float> image_features, std::span<const float> text_features,
                          int64_t dim, std::span<const int64_t> owner = {},
                          const BootstrapOptions& bootstrap = {}, Device device = {});

/// The result with its field names as keys, without the queries' standings; what is told of every k becomes
/// {"1": ..., "5": ..., "10": ...}.
nlohmann::json to_json(const RetrievalResult& result);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/retrieval.inl.hpp>
#endif
