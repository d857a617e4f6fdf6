// Low-frequency patterns: a small grid of values enlarged to square blocks.
#pragma once

#include <span>
#include <vector>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// The largest grid that methods take: grid*grid*3 numbers describe a pattern.
inline constexpr int max_grid = 32;

/// grid*grid*3 values (HWC) at height x width (HWC): pixel i of a side shows cell i*grid/side, so that all
/// blocks are equal where grid divides the side. Throws Error for a grid outside 1..32 or larger than the
/// picture.
inline std::vector<double> block_pattern(std::span<const double> cells, int grid, int height, int width) {
  check(grid >= 1 && grid <= max_grid && grid <= height && grid <= width, "block pattern", "a grid of ", grid,
        " x ", grid, " does not fit into ", height, " x ", width, ", or is larger than ", max_grid);
  check(cells.size() == static_cast<size_t>(grid) * static_cast<size_t>(grid) * 3, "block pattern",
        "a grid of ", grid, " x ", grid, " needs 3 values a cell, but there are ", cells.size(), " values");
  std::vector<double> pattern;
  pattern.reserve(static_cast<size_t>(height) * static_cast<size_t>(width) * 3);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const auto cell = static_cast<size_t>((y * grid / height) * grid + x * grid / width) * 3;
      for (size_t c = 0; c < 3; ++c) pattern.push_back(cells[cell + c]);
    }
  return pattern;
}

}  // namespace t2ue
