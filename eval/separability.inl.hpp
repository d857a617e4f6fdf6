#pragma once

#include <algorithm>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/eval/logistic_regression.hpp>
#include <t2ue/eval/separability.hpp>

namespace t2ue {

namespace detail {

/// A random half and another of 0..count-1, each of at most `most` numbers.
inline std::pair<std::vector<int64_t>, std::vector<int64_t>> two_halves(int64_t count, int64_t most,
                                                                        uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = i;
  Random random(seed, Purpose::separability);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[static_cast<size_t>(i)], order[random.below(static_cast<uint32_t>(i + 1))]);
  const int64_t half = std::min(count / 2, most);
  return {{order.begin(), order.begin() + half}, {order.begin() + half, order.begin() + 2 * half}};
}

}  // namespace detail

T2UE_INLINE Separability linear_separability(const PairDataset& originals, const PairDataset& published,
                                             uint64_t seed) {
  check(originals.keys == published.keys && originals.size == published.size && originals.count() >= 2,
        "separability", "needs the same two or more pictures before and after, got ", originals.count(),
        " of ", originals.size, " pixels and ", published.count(), " of ", published.size);
  const auto [first, second] = detail::two_halves(originals.count(), 10'000, seed);
  const auto rows_of = [&](const std::vector<int64_t>& items) {
    return [&](int64_t i, std::span<float> row) {
      const auto before = originals.picture(items[static_cast<size_t>(i)]);
      const auto after = published.picture(items[static_cast<size_t>(i)]);
      for (size_t p = 0; p < row.size(); ++p) row[p] = static_cast<float>(after[p] - before[p]);
    };
  };
  const auto labels_of = [&](const std::vector<int64_t>& items) {
    std::vector<int32_t> labels;
    for (const int64_t item : items) labels.push_back(originals.labels[static_cast<size_t>(item)]);
    return labels;
  };
  LogisticOptions options;
  options.seed = seed;
  const LogisticRegression model = logistic_regression(static_cast<int64_t>(originals.picture_bytes()),
                                                       static_cast<int64_t>(originals.label_names.size()),
                                                       rows_of(first), labels_of(first), options);
  return {model.accuracy(rows_of(first), labels_of(first)),
          model.accuracy(rows_of(second), labels_of(second))};
}

}  // namespace t2ue
