// The little statistics that every metric needs: medians, first-hit probabilities, bootstrap intervals.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// A confidence interval, in the unit of what it is an interval of.
struct Interval {
  double low = 0;
  double high = 0;
};

/// How an interval is drawn: `resamples` bootstrap samples from Random(seed, Purpose::bootstrap, ...). They
/// take longer than the scores of a small test set: use 1 where the interval is not read.
struct BootstrapOptions {
  uint64_t seed = 0;
  int64_t resamples = 1000;
};

/// The median (mean of the two middle values when their number is even). Throws Error when there is none.
double median(std::vector<double> values);

/// The 95 % percentile bootstrap interval of the mean of `values`. Whole groups are resampled, because the
/// captions of one picture are not independent: `group[i]` in [0, groups) is the group of value i, and an
/// empty `group` makes every value its own. `stream` separates intervals drawn from one seed. The bits do not
/// depend on the number of threads. Throws Error when there is no value, a group is out of range or
/// `resamples` < 1.
Interval bootstrap_mean(std::span<const double> values, std::span<const int64_t> group, int64_t groups,
                        const BootstrapOptions& options, uint32_t stream = 0);

/// The 95 % interval of the mean of independent values (seeds) by Student's t. Throws Error for fewer than
/// two values.
Interval student_interval(std::span<const double> values);

/// Chance that `draws` draws without replacement, from `positives` and `negatives` items, hold a positive:
/// 1 - prod_{j < draws} (negatives - j) / (positives + negatives - j).
double first_hit_probability(int64_t positives, int64_t negatives, int64_t draws);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/statistics.inl.hpp>
#endif
