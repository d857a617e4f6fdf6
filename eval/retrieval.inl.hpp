#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include <t2ue/core/backend.hpp>
#include <t2ue/core/launch.hpp>
#include <t2ue/core/tensor.hpp>
#include <t2ue/eval/retrieval.hpp>

namespace t2ue {

namespace detail {

/// Rows of features and the picture that each belongs to, on the host and, for both directions, on the
/// device.
struct FeatureRows {
  std::span<const int64_t> picture;
  Tensor values, owner;

  FeatureRows(std::span<const float> features, std::span<const int64_t> of, int64_t dim, Device device)
      : picture(of),
        values(Tensor::of(features, {count(), dim}, device)),
        owner(Tensor::of(std::vector<int32_t>(of.begin(), of.end()), {count()}, device)) {}

  int64_t count() const { return static_cast<int64_t>(picture.size()); }
};

/// Refuses NaN, infinity, and lengths whose products could overflow a float.
inline void check_features(const char* what, std::span<const float> values, int64_t dim) {
  for (size_t begin = 0; begin < values.size(); begin += static_cast<size_t>(dim)) {
    double square = 0;
    for (size_t d = 0; d < static_cast<size_t>(dim); ++d)
      square += double{values[begin + d]} * values[begin + d];
    check(square <= 1e36, "retrieval", what, " features, row ", begin / static_cast<size_t>(dim),
          ": a value is NaN or infinite, or the row is longer than 1e18; the model has diverged");
  }
}

/// The standings of all queries, counted by the device's backend.
inline std::vector<QueryStanding> standings_of(const FeatureRows& queries, const FeatureRows& gallery) {
  const Device device = queries.values.device();
  const Backend& backend = backend_of(device);
  const Tensor counts({queries.count(), 3}, DType::i32, device);
  const RetrievalCountsArgs args{queries.values.view(), gallery.values.view(), queries.owner.view(),
                                 gallery.owner.view(), counts.view()};
  LaunchOf<RetrievalCountsArgs>(args).run(backend.kernels, backend.stream(device));
  const std::vector<int32_t> values = counts.to_vector<int32_t>();
  std::vector<QueryStanding> result;
  for (size_t i = 0; i < values.size(); i += 3) result.push_back({values[i], values[i + 1], values[i + 2]});
  return result;
}

/// The chance level where query q has partners[q] partners in the gallery. Queries with as many partners
/// share one rank distribution, P(rank > r) = prod_{j < r} (gallery - partners - j) / (gallery - j).
inline RetrievalChance chance_level(const std::vector<int64_t>& partners, int64_t gallery) {
  std::map<int64_t, double> share;
  for (const int64_t count : partners) share[count] += 1.0 / static_cast<double>(partners.size());
  RetrievalChance chance;
  for (const auto& [count, weight] : share)
    chance.mean_rank += weight * static_cast<double>(gallery + 1) / static_cast<double>(count + 1);
  for (size_t k = 0; k < kHitAt.size(); ++k)
    for (const auto& [count, weight] : share)
      chance.hit[k] += 100 * weight * first_hit_probability(count, gallery - count, kHitAt[k]);
  // The median: halfway between the first rank that half of the mass reaches and the first that it passes.
  constexpr double slack = 1e-9;  // the products above are rounded
  std::map<int64_t, double> survival;
  for (const auto& [count, weight] : share) survival[count] = weight;
  int64_t reached = 0;
  for (int64_t rank = 1; rank <= gallery; ++rank) {
    double above = 0;
    for (auto& [count, mass] : survival) {
      mass *= std::max(
          0.0, static_cast<double>(gallery - count - rank + 1) / static_cast<double>(gallery - rank + 1));
      above += mass;
    }
    if (above <= 0.5 + slack && reached == 0) reached = rank;
    if (above < 0.5 - slack) {
      chance.median_rank = static_cast<double>(reached + rank) / 2;
      break;
    }
  }
  return chance;
}

inline RetrievalDirection measure_direction(const FeatureRows& queries, const FeatureRows& gallery,
                                            int64_t pictures, const BootstrapOptions& bootstrap,
                                            uint32_t stream) {
  RetrievalDirection result;
  result.queries = queries.count();
  result.gallery = gallery.count();
  result.standings = standings_of(queries, gallery);
  const auto count = static_cast<double>(queries.count());
  std::vector<double> rank, optimistic, pessimistic;
  std::array<std::vector<double>, kHitAt.size()> hits;
  for (const QueryStanding& standing : result.standings) {
    rank.push_back(standing.rank());
    optimistic.push_back(static_cast<double>(standing.rank_optimistic()));
    pessimistic.push_back(static_cast<double>(standing.rank_pessimistic()));
    result.mean_rank += rank.back() / count;
    result.mean_rank_optimistic += optimistic.back() / count;
    result.mean_rank_pessimistic += pessimistic.back() / count;
    result.tied += standing.equal > 0 ? 100 / count : 0;
    for (size_t k = 0; k < kHitAt.size(); ++k) {
      hits[k].push_back(100 * standing.hit(kHitAt[k]));
      result.hit[k] += hits[k].back() / count;
      result.hit_optimistic[k] += standing.rank_optimistic() <= kHitAt[k] ? 100 / count : 0;
      result.hit_pessimistic[k] += standing.rank_pessimistic() <= kHitAt[k] ? 100 / count : 0;
    }
  }
  // One stream for every k: the same resamples.
  for (size_t k = 0; k < kHitAt.size(); ++k)
    result.hit_interval[k] = bootstrap_mean(hits[k], queries.picture, pictures, bootstrap, stream);
  result.median_rank = median(std::move(rank));
  result.median_rank_optimistic = median(std::move(optimistic));
  result.median_rank_pessimistic = median(std::move(pessimistic));
  result.median_rank_published = std::floor(result.median_rank - 1) + 1;

  std::vector<int64_t> in_gallery(static_cast<size_t>(pictures));
  for (const int64_t picture : gallery.picture) ++in_gallery[static_cast<size_t>(picture)];
  std::vector<int64_t> partners;
  for (const int64_t picture : queries.picture) partners.push_back(in_gallery[static_cast<size_t>(picture)]);
  result.chance = chance_level(partners, result.gallery);
  return result;
}

inline nlohmann::json hits_to_json(const std::array<double, 3>& hit) {
  nlohmann::json json;
  for (size_t k = 0; k < kHitAt.size(); ++k) json[std::to_string(kHitAt[k])] = hit[k];
  return json;
}
inline nlohmann::json hits_to_json(const std::array<Interval, 3>& hit) {
  nlohmann::json json;
  for (size_t k = 0; k < kHitAt.size(); ++k) json[std::to_string(kHitAt[k])] = {hit[k].low, hit[k].high};
  return json;
}

inline nlohmann::json direction_to_json(const RetrievalDirection& d) {
  return {{"queries", d.queries},
          {"gallery", d.gallery},
          {"hit", hits_to_json(d.hit)},
          {"hit_optimistic", hits_to_json(d.hit_optimistic)},
          {"hit_pessimistic", hits_to_json(d.hit_pessimistic)},
          {"hit_interval", hits_to_json(d.hit_interval)},
          {"mean_rank", d.mean_rank},
          {"mean_rank_optimistic", d.mean_rank_optimistic},
          {"mean_rank_pessimistic", d.mean_rank_pessimistic},
          {"median_rank", d.median_rank},
          {"median_rank_optimistic", d.median_rank_optimistic},
          {"median_rank_pessimistic", d.median_rank_pessimistic},
          {"median_rank_published", d.median_rank_published},
          {"tied", d.tied},
          {"chance",
           {{"hit", hits_to_json(d.chance.hit)},
            {"median_rank", d.chance.median_rank},
            {"mean_rank", d.chance.mean_rank}}}};
}

}  // namespace detail

T2UE_INLINE RetrievalResult retrieval(std::span<const float> image_features,
                                      std::span<const float> text_features, int64_t dim,
                                      std::span<const int64_t> owner, const BootstrapOptions& bootstrap,
                                      Device device) {
  check(dim >= 1, "retrieval", "dim is ", dim, "; it must be at least 1");
  const auto width = static_cast<size_t>(dim);
  check(image_features.size() % width == 0 && text_features.size() % width == 0, "retrieval",
        image_features.size(), " image values and ", text_features.size(), " text values are not rows of ",
        dim);
  const size_t images = image_features.size() / width;
  const size_t texts = text_features.size() / width;
  check(std::max(images, texts) < (size_t{1} << 31), "retrieval", images, " images and ", texts,
        " texts; at most 2^31 - 1 of each");
  check(images > 0 && texts > 0, "retrieval", images, " images and ", texts,
        " texts; there must be some of both");
  check(owner.empty() ? images == texts : owner.size() == texts, "retrieval", images, " images, ", texts,
        " texts, ", owner.size(), " owners; one to one needs as many texts as images, else one owner a text");
  detail::check_features("image", image_features, dim);
  detail::check_features("text", text_features, dim);

  std::vector<int64_t> each(images);
  std::iota(each.begin(), each.end(), int64_t{0});
  if (owner.empty()) owner = each;
  std::vector<bool> captioned(images);
  for (size_t j = 0; j < texts; ++j) {
    check(owner[j] >= 0 && owner[j] < static_cast<int64_t>(images), "retrieval", "text ", j,
          " belongs to image ", owner[j], " of ", images);
    captioned[static_cast<size_t>(owner[j])] = true;
  }
  for (size_t i = 0; i < images; ++i) check(captioned[i], "retrieval", "image ", i, " has no caption");

  const detail::FeatureRows pictures(image_features, each, dim, device);
  const detail::FeatureRows captions(text_features, owner, dim, device);
  const auto count = static_cast<int64_t>(images);
  return {detail::measure_direction(pictures, captions, count, bootstrap, 0),
          detail::measure_direction(captions, pictures, count, bootstrap, 1)};
}

T2UE_INLINE nlohmann::json to_json(const RetrievalResult& result) {
  return {{"image_to_text", detail::direction_to_json(result.image_to_text)},
          {"text_to_image", detail::direction_to_json(result.text_to_image)}};
}

}  // namespace t2ue
