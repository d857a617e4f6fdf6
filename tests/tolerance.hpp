// All tolerances of tests: how far a result may be from its float64 reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

namespace t2ue::testing_tolerance {

inline constexpr double fp32_epsilon = 0x1p-23, bf16_roundoff = 0x1p-8;

inline double largest(std::span<const double> values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// For fp32 results: 8 * eps * sqrt(K) * max|reference|, K being the number of terms that one result sums.
/// `terms`: the size of the terms, for results that are small because large terms cancel.
inline double fp32(int64_t reduction, std::span<const double> reference, double terms = 0) {
  return 8 * fp32_epsilon * std::sqrt(static_cast<double>(reduction)) * std::max(largest(reference), terms);
}

/// For steps in bf16 whose inputs bf16 holds exactly: four roundings to bf16 (relative error 2^-8 each: what
/// is stored on the way, and the result), and sums in fp32.
inline double bf16(int64_t reduction, std::span<const double> reference, double terms = 0) {
  return 4 * bf16_roundoff * std::max(largest(reference), terms) + fp32(reduction, reference, terms);
}

}  // namespace t2ue::testing_tolerance
