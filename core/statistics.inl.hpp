#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/core/statistics.hpp>

namespace t2ue {

namespace detail {

/// The quantile of sorted values, linear between neighbours.
inline double sorted_quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace detail

T2UE_INLINE double median(std::vector<double> values) {
  check(!values.empty(), "median", "there are no values");
  std::sort(values.begin(), values.end());
  return detail::sorted_quantile(values, 0.5);
}

T2UE_INLINE Interval bootstrap_mean(std::span<const double> values, std::span<const int64_t> group,
                                    int64_t groups, const BootstrapOptions& options, uint32_t stream) {
  check(!values.empty(), "bootstrap", "there are no values");
  check(options.resamples >= 1, "bootstrap", "resamples is ", options.resamples, "; use at least 1");
  check(group.empty() || group.size() == values.size(), "bootstrap", group.size(), " groups for ",
        values.size(), " values");
  if (group.empty()) groups = static_cast<int64_t>(values.size());
  check(groups >= 1 && groups <= UINT32_MAX, "bootstrap", "cannot draw from ", groups, " groups");
  std::vector<double> sum(static_cast<size_t>(groups));
  std::vector<int64_t> count(static_cast<size_t>(groups));
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t g = group.empty() ? static_cast<int64_t>(i) : group[i];
    check(g >= 0 && g < groups, "bootstrap", "value ", i, " is in group ", g, " of ", groups);
    sum[static_cast<size_t>(g)] += values[i];
    ++count[static_cast<size_t>(g)];
  }
  // A resample may only meet empty groups by bad luck if there are empty groups at all: leave them out.
  size_t kept = 0;
  for (size_t g = 0; g < sum.size(); ++g) {
    if (count[g] == 0) continue;
    sum[kept] = sum[g];
    count[kept++] = count[g];
  }
  std::vector<double> means(static_cast<size_t>(options.resamples));
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < options.resamples; ++r) {
    Random random(options.seed, Purpose::bootstrap, (uint64_t{stream} << 32) | static_cast<uint64_t>(r));
    double total = 0;
    int64_t drawn = 0;
    for (size_t i = 0; i < kept; ++i) {
      const uint32_t g = random.below(static_cast<uint32_t>(kept));
      total += sum[g];
      drawn += count[g];
    }
    means[static_cast<size_t>(r)] = total / static_cast<double>(drawn);
  }
  std::sort(means.begin(), means.end());
  return {detail::sorted_quantile(means, 0.025), detail::sorted_quantile(means, 0.975)};
}

T2UE_INLINE Interval student_interval(std::span<const double> values) {
  check(values.size() >= 2, "statistics", "an interval over ", values.size(), " values; it needs two");
  // Quantiles of 97.5 % by degrees of freedom; from 31 on the normal one, 2 % too small at most.
  constexpr double quantiles[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                  2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                  2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / count;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const size_t freedom = values.size() - 1;
  const double quantile = freedom <= std::size(quantiles) ? quantiles[freedom - 1] : 1.96;
  const double half = quantile * std::sqrt(squares / (count - 1) / count);
  return {mean - half, mean + half};
}

T2UE_INLINE double first_hit_probability(int64_t positives, int64_t negatives, int64_t draws) {
  double miss = 1;
  for (int64_t j = 0; j < draws && miss > 0; ++j)
    miss *= j < negatives
                ? static_cast<double>(negatives - j) / static_cast<double>(positives + negatives - j)
                : 0.0;
  return positives > 0 ? 1 - miss : 0.0;
}

}  // namespace t2ue
