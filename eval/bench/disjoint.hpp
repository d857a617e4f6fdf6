// Checks that parts of a benchmark's data have no picture in common.
#pragma once

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/data/records/pair_dataset.hpp>

namespace t2ue {

/// Numbers below `count` in two groups that go in rising order: `kept` of them, drawn by seed 0, and the
/// others.
inline std::pair<std::vector<int64_t>, std::vector<int64_t>> drawn_and_others(int64_t count, int64_t kept) {
  const std::vector<int64_t> order = shuffled_order(count, 0, 0);
  std::vector<int64_t> drawn(order.begin(), order.begin() + kept), others(order.begin() + kept, order.end());
  std::sort(drawn.begin(), drawn.end());
  std::sort(others.begin(), others.end());
  return {std::move(drawn), std::move(others)};
}

/// The records of those numbers.
inline DatasetIndex records_of(DatasetIndex index, const std::vector<int64_t>& numbers) {
  std::vector<Record> kept;
  kept.reserve(numbers.size());
  for (const int64_t i : numbers) kept.push_back(std::move(index.records[static_cast<size_t>(i)]));
  index.records = std::move(kept);
  return index;
}

/// How many pictures of `part` are, byte for byte, among those of `others`. Of pictures of one size.
inline int64_t shared_pictures(const PairDataset& part, const PairDataset& others) {
  if (part.count() == 0) return 0;
  const auto bytes_of = [](const PairDataset& data, int64_t i) {
    const auto bytes = data.picture(i);
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  std::unordered_set<std::string_view> known;
  for (int64_t i = 0; i < others.count(); ++i) known.insert(bytes_of(others, i));
  int64_t shared = 0;
  for (int64_t i = 0; i < part.count(); ++i) shared += known.count(bytes_of(part, i)) > 0 ? 1 : 0;
  return shared;
}

/// Error if more than a hundredth of `part` is among `others`: a few pictures are there twice in published
/// sets (ten in CIFAR-100), and a whole part when a plan names the same twice.
inline void check_disjoint(const PairDataset& part, const char* part_name, const PairDataset& others,
                           const char* others_name) {
  const int64_t shared = shared_pictures(part, others);
  check(shared * 100 <= part.count(), "bench", shared, " of the ", part.count(), " pictures of '", part_name,
        "' are among those of '", others_name, "', too; name parts that have no picture in common");
}

}  // namespace t2ue
