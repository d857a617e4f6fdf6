// Scales rows of features to unit length.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// Divides every row of `rows` [N, dim], row-major, by its length, measured in double. A row of zeros stays
/// one, and a row with a NaN becomes NaN throughout. Throws Error unless there are whole rows.
inline void make_unit_rows(std::span<float> rows, int64_t dim) {
  check(dim >= 1 && rows.size() % static_cast<size_t>(dim) == 0, "features", rows.size(),
        " values are not rows of ", dim);
  const auto width = static_cast<size_t>(dim);
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    const auto row = rows.subspan(begin, width);
    double squares = 0;
    for (const float x : row) squares += double{x} * double{x};
    const double scale = squares > 0 || std::isnan(squares) ? 1.0 / std::sqrt(squares) : 1.0;
    for (float& x : row) x = static_cast<float>(x * scale);
  }
}

}  // namespace t2ue
