#pragma once

#include <algorithm>
#include <set>

#include <t2ue/methods/caption_cluster.hpp>

namespace t2ue {

T2UE_INLINE CaptionClusters::CaptionClusters(const CaptionFeatures& features,
                                             std::span<const std::string> captions, int coarse, int fine,
                                             uint64_t seed) {
  check(fine >= 1, "caption clusters", fine, " fine clusters are not possible; 1 means none");
  const std::vector<double> rows = unit_features(features, captions);
  coarse_ = k_means(rows, features.width, coarse, seed);
  if (fine == 1) return;
  const auto width = static_cast<size_t>(features.width);
  std::vector<std::vector<double>> members(static_cast<size_t>(coarse));
  std::vector<std::set<std::vector<double>>> different(members.size());
  for (size_t i = 0; i < captions.size(); ++i) {
    const auto row = std::span(rows).subspan(i * width, width);
    const auto cluster = static_cast<size_t>(coarse_.nearest(row));
    members[cluster].insert(members[cluster].end(), row.begin(), row.end());
    if (different[cluster].size() < static_cast<size_t>(fine))
      different[cluster].insert(std::vector<double>(row.begin(), row.end()));
  }
  for (size_t k = 0; k < members.size(); ++k) {
    if (members[k].empty()) {  // a centre that its captions left for others
      const double* centre = coarse_.centres.data() + k * width;
      fine_.push_back({features.width, std::vector<double>(centre, centre + width)});
      continue;
    }
    fine_.push_back(k_means(members[k], features.width, static_cast<int>(different[k].size()), seed + 1 + k));
  }
}

T2UE_INLINE std::vector<CaptionClusters::Place> CaptionClusters::places_of(
    std::span<const double> unit_rows) const {
  const auto width = static_cast<size_t>(coarse_.width);
  std::vector<Place> places;
  for (size_t begin = 0; begin + width <= unit_rows.size(); begin += width) {
    const auto row = unit_rows.subspan(begin, width);
    Place place{coarse_.nearest(row), 0};
    if (!fine_.empty()) place.fine = fine(place.coarse).nearest(row);
    places.push_back(place);
  }
  return places;
}

T2UE_INLINE MethodCard CaptionCluster::describe(const std::string& name, int eps_steps,
                                                const std::string& features) {
  MethodCard card = training_free_card(
      name,
      name == "caption_cluster" ? "one pattern a cluster of captions"
                                : "a coarse pattern a cluster of captions, a fine one a cluster within it",
      false, linf_budget(name, eps_steps));
  card.needs_text = true;
  card.surrogate = features == "words" ? "none" : features;
  return card;
}

T2UE_INLINE CaptionCluster::CaptionCluster(int height, int width, CaptionFeatures features,
                                           std::span<const std::string> captions, const Options& options)
    : card_(describe(options.fine == 1 ? "caption_cluster" : "caption_hierarchy", options.eps_steps,
                     features.name)),
      height_(height),
      width_(width),
      options_(options),
      features_(std::move(features)),
      clusters_(features_, captions, options.clusters, options.fine, options.seed) {
  const int cells = options.grid * options.grid * 3;
  check(options.grid >= 1 && options.grid <= max_grid, card_.name, "a grid of ", options.grid,
        " is outside 1..", max_grid);
  coarse_codes_ = block_codes(options.clusters, cells, options.seed);
  if (options.fine > 1) {
    check(options.eps_steps >= 2, card_.name, "eps of 1 step cannot be shared by two patterns");
    check(options.clusters <= max_block_codes / options.fine, card_.name, options.clusters, " times ",
          options.fine, " clusters are more than ", max_block_codes);
    fine_codes_ = block_codes(options.clusters * options.fine, 4 * cells, options.seed + 1);
  }
  pattern_of({});  // a size that does not fit is an error now
}

T2UE_INLINE Noise CaptionCluster::pattern_of(CaptionClusters::Place place) const {
  const int coarse_steps = options_.fine == 1 ? options_.eps_steps : (options_.eps_steps + 1) / 2;
  std::vector<double> steps =
      block_pattern(coarse_codes_[static_cast<size_t>(place.coarse)], options_.grid, height_, width_);
  for (double& step : steps) step *= coarse_steps;
  if (options_.fine > 1) {
    const auto number = static_cast<size_t>(place.coarse) * static_cast<size_t>(options_.fine) +
                        static_cast<size_t>(place.fine);
    const std::vector<double> fine = block_pattern(fine_codes_[number], 2 * options_.grid, height_, width_);
    for (size_t i = 0; i < steps.size(); ++i) steps[i] += (options_.eps_steps - coarse_steps) * fine[i];
  }
  return {height_, width_, std::vector<int8_t>(steps.begin(), steps.end())};
}

T2UE_INLINE std::vector<Noise> CaptionCluster::make(std::span<const NoiseItem> items) {
  const std::vector<std::string> captions = captions_of_items(card_.name, items);
  std::vector<Noise> noises;
  for (const CaptionClusters::Place place : clusters_.places_of(unit_features(features_, captions)))
    noises.push_back(pattern_of(place));
  return noises;
}

T2UE_INLINE std::vector<std::string> captions_of_items(const std::string& method,
                                                       std::span<const NoiseItem> items) {
  std::vector<std::string> captions;
  for (const NoiseItem& item : items) {
    check(!item.caption.empty(), method, "the item \"", item.key, "\" has no caption");
    captions.push_back(item.caption);
  }
  return captions;
}

}  // namespace t2ue
