// Ranks for retrieval. A matrix product may sum its edges in another order and so break ties at random. Here
// one thread sums every score over d in order, wherever the score is needed.
#pragma once

#include <t2ue/cuda/pointwise.cuh>
#include <t2ue/cuda/reduce.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

/// A block scores 32 queries, a lane each, against a tile of 32 gallery rows, four for each of its 8 warps.
constexpr int tile = 32, rows_of_warp = tile / (block_threads / 32);

/// best = the best score of a query's partners, counts[0] = how many have it. A warp a query.
__global__ void retrieval_best_kernel(int64_t queries, int64_t rows, int64_t dim,
                                      const float* __restrict__ query, const float* __restrict__ gallery,
                                      const int32_t* __restrict__ query_owner,
                                      const int32_t* __restrict__ gallery_owner, float* best,
                                      int32_t* counts) {
  const int64_t q = static_cast<int64_t>(blockIdx.x) * (block_threads / 32) + threadIdx.x / 32;
  if (q >= queries) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int32_t owner = query_owner[q];
  float most = -INFINITY;
  int partners = 0;
  for (int64_t row = lane; row < rows; row += 32) {
    if (gallery_owner[row] != owner) continue;
    float score = 0.0f;
    for (int64_t d = 0; d < dim; ++d) score = fmaf(query[q * dim + d], gallery[row * dim + d], score);
    if (partners == 0 || score > most) {
      most = score;
      partners = 0;
    }
    partners += score == most ? 1 : 0;
  }
  const float all = warp_max(most);
  // Counts are below 2^24 and so exact.
  const float count = warp_sum(most == all ? static_cast<float>(partners) : 0.0f);
  if (lane > 0) return;
  best[q] = all;
  counts[3 * q] = static_cast<int32_t>(count);
}

/// counts[1] and counts[2]: of the rows that are no partners those above and at the best score.
__global__ void __launch_bounds__(block_threads)
    retrieval_counts_kernel(int64_t queries, int64_t rows, int64_t dim, const float* __restrict__ query,
                            const float* __restrict__ gallery, const int32_t* __restrict__ query_owner,
                            const int32_t* __restrict__ gallery_owner, const float* __restrict__ best,
                            int32_t* counts) {
  // One column more than needed: threads that fill a row, and those that read down a column, then meet no
  // bank twice.
  T2UE_SHARED(float, query_tile, tile*(tile + 1));
  T2UE_SHARED(float, gallery_tile, tile*(tile + 1));
  T2UE_SHARED(int32_t, sums, 2 * block_threads);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int64_t first = static_cast<int64_t>(blockIdx.x) * tile, q = first + lane;
  const bool present = q < queries;
  const float mine = present ? best[q] : 0.0f;
  const int32_t owner = present ? query_owner[q] : 0;
  int32_t greater = 0, equal = 0;
  for (int64_t begin = 0; begin < rows; begin += tile) {
    float scores[rows_of_warp] = {};
    for (int64_t from = 0; from < dim; from += tile) {
      T2UE_SYNC_BLOCK();
      for (int k = 0; k < rows_of_warp; ++k) {
        const int i = warp * rows_of_warp + k;
        const int64_t d = from + lane;
        query_tile[i * (tile + 1) + lane] =
            first + i < queries && d < dim ? query[(first + i) * dim + d] : 0.0f;
        gallery_tile[i * (tile + 1) + lane] =
            begin + i < rows && d < dim ? gallery[(begin + i) * dim + d] : 0.0f;
      }
      T2UE_SYNC_BLOCK();
      const int count = dim - from < tile ? static_cast<int>(dim - from) : tile;
      for (int d = 0; d < count; ++d) {
        const float value = query_tile[lane * (tile + 1) + d];
        for (int k = 0; k < rows_of_warp; ++k)
          scores[k] = fmaf(value, gallery_tile[(warp * rows_of_warp + k) * (tile + 1) + d], scores[k]);
      }
    }
    for (int k = 0; k < rows_of_warp; ++k) {
      const int64_t row = begin + warp * rows_of_warp + k;
      if (!present || row >= rows || gallery_owner[row] == owner) continue;
      greater += scores[k] > mine ? 1 : 0;
      equal += scores[k] == mine ? 1 : 0;
    }
  }
  sums[threadIdx.x] = greater;
  sums[block_threads + threadIdx.x] = equal;
  T2UE_SYNC_BLOCK();
  if (warp > 0 || !present) return;
  for (int w = 1; w < block_threads / 32; ++w) {
    greater += sums[w * 32 + lane];
    equal += sums[block_threads + w * 32 + lane];
  }
  counts[3 * q + 1] = greater;
  counts[3 * q + 2] = equal;
}

}  // namespace

void retrieval_counts(const RetrievalCountsArgs& a, Stream stream) {
  const int64_t queries = a.queries.shape[0], dim = a.queries.shape[1], rows = a.gallery.shape[0];
  auto* best = static_cast<float*>(scratch(static_cast<size_t>(queries) * sizeof(float), stream));
  launch("retrieval_counts", retrieval_best_kernel, dim3(blocks_for(queries, block_threads / 32)),
         dim3(block_threads), 0, stream, queries, rows, dim, a.queries.f32(), a.gallery.f32(),
         a.query_owner.i32(), a.gallery_owner.i32(), best, a.counts.as<int32_t>());
  launch("retrieval_counts", retrieval_counts_kernel, dim3(blocks_for(queries, tile)), dim3(block_threads), 0,
         stream, queries, rows, dim, a.queries.f32(), a.gallery.f32(), a.query_owner.i32(),
         a.gallery_owner.i32(), best, a.counts.as<int32_t>());
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
