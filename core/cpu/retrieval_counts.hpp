// Ranks for retrieval: how many items score above a query's partner, and how many the same.
#pragma once

#include <algorithm>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

namespace detail {

/// Queries that are scored together, one a lane.
inline constexpr int64_t query_lanes = 32;

/// The scores of one gallery row against a block of queries laid out as [dim][query_lanes]. Every score,
/// whatever its lane, block and direction, is summed over d in order by this one piece of code (so it is
/// never inlined): equal rows get equal scores. A general matrix product may sum its edges differently and so
/// break ties at random.
[[gnu::noinline]] inline void score_block(const float* queries, const float* row, int64_t dim,
                                          float* scores) {
  float sum[query_lanes] = {};
  for (int64_t d = 0; d < dim; ++d)
    for (int64_t lane = 0; lane < query_lanes; ++lane) sum[lane] += queries[d * query_lanes + lane] * row[d];
  std::copy_n(sum, query_lanes, scores);
}

/// The counts of the queries first .. first + count - 1, count <= query_lanes.
inline void count_block(const RetrievalCountsArgs& a, int64_t first, int64_t count) {
  const int64_t dim = a.queries.shape[1], rows = a.gallery.shape[0];
  std::vector<float> block(static_cast<size_t>(dim * query_lanes));
  for (int64_t lane = 0; lane < count; ++lane)
    for (int64_t d = 0; d < dim; ++d)
      block[static_cast<size_t>(d * query_lanes + lane)] = a.queries.f32()[(first + lane) * dim + d];
  const int32_t *owner = a.query_owner.i32() + first, *owner_of_row = a.gallery_owner.i32();
  int32_t* counts = a.counts.as<int32_t>() + 3 * first;
  std::fill_n(counts, 3 * count, 0);
  float scores[query_lanes], best[query_lanes] = {};
  for (int64_t row = 0; row < rows; ++row) {
    if (std::find(owner, owner + count, owner_of_row[row]) == owner + count) continue;
    score_block(block.data(), a.gallery.f32() + row * dim, dim, scores);
    for (int64_t lane = 0; lane < count; ++lane) {
      if (owner[lane] != owner_of_row[row]) continue;
      int32_t& partners = counts[3 * lane];
      if (partners == 0 || scores[lane] > best[lane]) {
        best[lane] = scores[lane];
        partners = 0;
      }
      partners += scores[lane] == best[lane];
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    score_block(block.data(), a.gallery.f32() + row * dim, dim, scores);
    for (int64_t lane = 0; lane < count; ++lane) {
      const bool other = owner[lane] != owner_of_row[row];
      counts[3 * lane + 1] += other && scores[lane] > best[lane];
      counts[3 * lane + 2] += other && scores[lane] == best[lane];
    }
  }
}

}  // namespace detail

inline void retrieval_counts(const RetrievalCountsArgs& a, Stream) {
  const int64_t queries = a.queries.shape[0], lanes = detail::query_lanes;
  parallel_for((queries + lanes - 1) / lanes, lanes * a.gallery.elements(), [&](int64_t block) {
    detail::count_block(a, block * lanes, std::min(lanes, queries - block * lanes));
  });
}

}  // namespace t2ue::cpu
