#pragma once

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/near_duplicates.hpp>
#include <t2ue/data/image/perceptual_hash.hpp>

namespace t2ue {
namespace detail {

/// The first picture of a hash in a split.
struct HashEntry {
  uint64_t hash;
  uint32_t split;
  size_t picture;
};

/// The bits of band `number` of `count`: they differ in width by one bit at most.
inline uint64_t band_mask(int number, int count) {
  const int first = 64 * number / count, after = 64 * (number + 1) / count;
  return (after - first == 64 ? ~uint64_t{0} : (uint64_t{1} << (after - first)) - 1) << first;
}

/// One entry for every pair of hash and split, in the order of pictures.
inline std::vector<HashEntry> distinct_hashes(std::span<const uint64_t> hashes,
                                              std::span<const uint32_t> splits) {
  std::vector<HashEntry> entries(hashes.size());
  for (size_t i = 0; i < hashes.size(); ++i) entries[i] = {hashes[i], splits[i], i};
  const auto name = [](const HashEntry& entry) { return std::pair(entry.hash, entry.split); };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const HashEntry& a, const HashEntry& b) { return name(a) < name(b); });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [&](const HashEntry& a, const HashEntry& b) { return name(a) == name(b); }),
                entries.end());
  std::sort(entries.begin(), entries.end(),
            [](const HashEntry& a, const HashEntry& b) { return a.picture < b.picture; });
  return entries;
}

}  // namespace detail

T2UE_INLINE std::vector<NearDuplicate> near_duplicates(std::span<const uint64_t> hashes,
                                                       std::span<const uint32_t> splits, int distance) {
  check(distance >= 0 && distance <= 12, "duplicates", "a distance of ", distance, " bits is outside 0..12");
  check(hashes.size() == splits.size(), "duplicates", hashes.size(), " hashes for ", splits.size(),
        " splits");
  const std::vector<detail::HashEntry> entries = detail::distinct_hashes(hashes, splits);

  // The nearest earlier entry of each, with what decides between two.
  constexpr size_t none = ~size_t{0};
  std::vector<std::pair<int, size_t>> best(entries.size(), {distance + 1, none});
  std::vector<size_t> order(entries.size());
  for (int band = 0; band <= distance; ++band) {
    const uint64_t mask = detail::band_mask(band, distance + 1);
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::pair(entries[a].hash & mask, a) < std::pair(entries[b].hash & mask, b);
    });
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin + 1;
      while (end < order.size() && ((entries[order[begin]].hash ^ entries[order[end]].hash) & mask) == 0)
        ++end;
      for (size_t i = begin; i < end; ++i)
        for (size_t j = begin; j < end; ++j) {
          const detail::HashEntry &later = entries[order[i]], &earlier = entries[order[j]];
          if (earlier.split >= later.split) continue;
          const int differ = hash_distance(later.hash, earlier.hash);
          if (differ <= distance) best[order[i]] = std::min(best[order[i]], {differ, earlier.picture});
        }
      begin = end;
    }
  }

  std::unordered_map<uint64_t, std::vector<size_t>> found;  // by hash: entries with a twin, one a split
  for (size_t i = 0; i < entries.size(); ++i)
    if (best[i].second != none) found[entries[i].hash].push_back(i);
  std::vector<NearDuplicate> duplicates;
  for (size_t picture = 0; picture < hashes.size(); ++picture) {
    const auto place = found.find(hashes[picture]);
    if (place == found.end()) continue;
    for (const size_t i : place->second)
      if (entries[i].split == splits[picture]) duplicates.push_back({picture, best[i].second, best[i].first});
  }
  return duplicates;
}

}  // namespace t2ue
