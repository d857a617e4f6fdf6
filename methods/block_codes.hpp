// Signs for the blocks of patterns, chosen so that no two patterns are equal.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>

namespace t2ue {

/// The largest number of codes that can be asked for.
inline constexpr int max_block_codes = 8192;

/// `count` rows of `cells` signs (+1, -1) in float64. Each row is the one of 16 random rows that differs in
/// most places from the nearest row before it (best candidate: Mitchell, 1991); the first rows do not depend
/// on `count`. Throws Error for a count outside 1..8192 or more than half of the 2^cells codes.
inline std::vector<std::vector<double>> block_codes(int count, int cells, uint64_t seed) {
  check(count >= 1 && count <= max_block_codes, "block codes", count, " patterns are outside 1..",
        max_block_codes);
  check(cells >= 1 && (cells >= 20 || count <= 1 << (cells - 1)), "block codes", cells, " signs cannot tell ",
        count, " patterns apart; use a larger grid");
  const size_t words = (static_cast<size_t>(cells) + 63) / 64;
  Random random(seed, Purpose::block_codes);
  std::vector<uint64_t> codes;  // [count][words], one bit a sign
  const auto distance_to_nearest = [&](const std::vector<uint64_t>& code) {
    int least = cells;
    for (size_t begin = 0; begin < codes.size(); begin += words) {
      int distance = 0;
      for (size_t w = 0; w < words; ++w) distance += std::popcount(codes[begin + w] ^ code[w]);
      least = std::min(least, distance);
    }
    return least;
  };
  while (codes.size() < static_cast<size_t>(count) * words) {
    std::vector<uint64_t> best;
    int most = 0;  // a code that is there already is never taken
    for (int candidate = 0; candidate < 16; ++candidate) {
      std::vector<uint64_t> code(words);
      for (int i = 0; i < cells; ++i)
        code[static_cast<size_t>(i) / 64] |= uint64_t{random.bits() & 1u} << (i % 64);
      const int distance = distance_to_nearest(code);
      if (distance > most) most = distance, best = std::move(code);
    }
    codes.insert(codes.end(), best.begin(), best.end());
  }
  std::vector<std::vector<double>> signs(static_cast<size_t>(count));
  for (size_t k = 0; k < signs.size(); ++k)
    for (size_t i = 0; i < static_cast<size_t>(cells); ++i)
      signs[k].push_back((codes[k * words + i / 64] >> (i % 64) & 1u) != 0 ? 1.0 : -1.0);
  return signs;
}

}  // namespace t2ue
