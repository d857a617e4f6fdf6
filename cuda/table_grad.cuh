// Gradients that sum rows of dy: those with equal ids into one row of a table, and those of a batch. The
// order is fixed, without atomics.
#pragma once

#include <t2ue/cuda/reduce.cuh>
#include <t2ue/cuda/vector.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace table_grad_detail {

inline constexpr int run = 512;   // ids sorted by one block
inline constexpr int chunk = 64;  // sorted tokens that one warp sums

/// A token and its id. Tokens are sorted by id, equal ids by place.
struct Token {
  int32_t id, place;
};
/// The number of tokens among sorted[0..count) whose id is below `id`, or, where `equal`, not above it.
__device__ __forceinline__ int count_below(const Token* sorted, int count, int32_t id, bool equal) {
  int begin = 0, end = count;
  while (begin < end) {
    const int middle = (begin + end) / 2;
    if (sorted[middle].id < id || (equal && sorted[middle].id == id))
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

/// Every block sorts a run of 512 ids, by counting for each how many go before it.
static __global__ void sort_runs(const int32_t* ids, Token* runs, int count) {
  T2UE_SHARED(int32_t, known, run);
  const int me = static_cast<int>(threadIdx.x), first = static_cast<int>(blockIdx.x) * run;
  const int mine = min(run, count - first);
  if (me < mine) known[me] = ids[first + me];
  T2UE_SYNC_BLOCK();
  if (me >= mine) return;
  const int32_t id = known[me];
  int before = 0;
  for (int i = 0; i < mine; ++i) before += known[i] < id || (known[i] == id && i < me) ? 1 : 0;
  runs[first + before] = {id, first + me};
}

/// Every token finds its place among all by counting how many of each other run go before it: of earlier runs
/// those with the same id as well.
static __global__ void merge_runs(const Token* runs, Token* sorted, int count) {
  const int me = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (me >= count) return;
  const Token token = runs[me];
  const int own = me / run * run;
  int before = me - own;
  for (int first = 0; first < count; first += run)
    if (first != own) before += count_below(runs + first, min(run, count - first), token.id, first < own);
  sorted[before] = token;
}

template <int N>
__global__ void fill_zero(float* to, int64_t count) {
  const int64_t i = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
  if (i < count) *reinterpret_cast<Vector<float, N>*>(to + i) = {};
}

/// Adds N floats; `to` is aligned to as many.
template <int N>
__device__ __forceinline__ void put_sums(float* to, const float (&sum)[N], bool accumulate) {
  constexpr int part = N < 4 ? N : 4;
#pragma unroll
  for (int i = 0; i < N; i += part) {
    auto* place = reinterpret_cast<Vector<float, part>*>(to + i);
    Vector<float, part> value{};
    if (accumulate) value = *place;
#pragma unroll
    for (int e = 0; e < part; ++e) value.at[e] += sum[i + e];
    *place = value;
  }
}

/// Grid (chunks, blocks of 32 * N columns), one warp a block. Sums the rows of each id in a chunk. An id that
/// lies within the chunk is added to the table; one that began in an earlier chunk goes to partial[chunk, 0],
/// one that goes on in the next to partial[chunk, 1] (partial [chunks, 2, channels]).
template <class T, int N>
__global__ void sum_chunks(const Token* sorted, const T* dy, float* table, float* partial, int count,
                           int64_t words, int channels) {
  const int c = (static_cast<int>(blockIdx.y) * 32 + static_cast<int>(threadIdx.x)) * N;
  if (c >= channels) return;
  const int begin = static_cast<int>(blockIdx.x) * chunk, end = min(count, begin + chunk);
  float* open = partial + static_cast<int64_t>(blockIdx.x) * 2 * channels + c;
  bool began_before = begin > 0 && sorted[begin - 1].id == sorted[begin].id;
  const bool goes_on = end < count && sorted[end].id == sorted[end - 1].id;
  float sum[N] = {};
  constexpr int at_once = 4;  // rows in flight
  for (int i = begin; i < end; i += at_once) {
    Token token[at_once];
    Vector<T, N> row[at_once];
#pragma unroll
    for (int j = 0; j < at_once; ++j) {
      if (i + j >= end) break;
      token[j] = sorted[i + j];
      row[j] =
          *reinterpret_cast<const Vector<T, N>*>(dy + static_cast<int64_t>(token[j].place) * channels + c);
    }
#pragma unroll
    for (int j = 0; j < at_once; ++j) {
      if (i + j >= end) break;
#pragma unroll
      for (int e = 0; e < N; ++e) sum[e] += static_cast<float>(row[j].at[e]);
      const bool last = i + j + 1 == end;
      const int32_t id = token[j].id;
      if (!last && sorted[i + j + 1].id == id) continue;
      if (began_before)
        put_sums<N>(open, sum, false);
      else if (last && goes_on)
        put_sums<N>(open + channels, sum, false);
      else if (id >= 0 && id < words)
        put_sums<N>(table + id * static_cast<int64_t>(channels) + c, sum, true);
      began_before = false;
#pragma unroll
      for (int e = 0; e < N; ++e) sum[e] = 0;
    }
  }
}

/// Grid (chunks, blocks of 32 columns), 32 x 16 threads. The block of the chunk in which an id began that
/// goes on in the next sums that id's parts, each warp every 16th of them.
static __global__ void join_chunks(const Token* sorted, const float* partial, float* table, int count,
                                   int64_t words, int channels) {
  constexpr int warps = 16;
  T2UE_SHARED(float, slots, warps * 32);
  const int me = static_cast<int>(blockIdx.x), begin = me * chunk, end = min(count, begin + chunk);
  const int32_t id = sorted[end - 1].id;
  if (end >= count || sorted[end].id != id) return;
  if (begin > 0 && sorted[begin].id == id && sorted[begin - 1].id == id) return;
  if (id < 0 || id >= words) return;
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int c = static_cast<int>(blockIdx.y) * 32 + lane;
  float sum = 0;
  if (c < channels)
    for (int other = me + 1 + warp; other * chunk < count && sorted[other * chunk].id == id; other += warps)
      sum += partial[static_cast<int64_t>(other) * 2 * channels + c];
  slots[threadIdx.x] = sum;
  T2UE_SYNC_BLOCK();
  if (warp > 0 || c >= channels) return;
  sum = partial[(static_cast<int64_t>(me) * 2 + 1) * channels + c];
  for (int w = 0; w < warps; ++w) sum += slots[w * 32 + lane];
  table[id * static_cast<int64_t>(channels) + c] += sum;
}

/// y[t] = (or +=) the sum over n of dy[n,t], for the first gridDim.x tokens of `length`. Grid (tokens, blocks
/// of 32 * N columns), 16 warps, each of which takes every 16th n.
template <class T, int N>
__global__ void sum_batch(const T* dy, float* y, int64_t batch, int64_t length, int channels,
                          bool accumulate) {
  constexpr int warps = 16;
  T2UE_SHARED(float, slots, warps * 32 * N);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int first = static_cast<int>(blockIdx.y) * 32 * N, c = first + lane * N;
  float sum[N] = {};
  if (c < channels) {
    const T* from = dy + static_cast<int64_t>(blockIdx.x) * channels + c;
#pragma unroll 4
    for (int64_t n = warp; n < batch; n += warps) {
      const auto row = *reinterpret_cast<const Vector<T, N>*>(from + n * length * channels);
#pragma unroll
      for (int e = 0; e < N; ++e) sum[e] += static_cast<float>(row.at[e]);
    }
  }
#pragma unroll
  for (int e = 0; e < N; ++e) slots[(warp * N + e) * 32 + lane] = sum[e];
  T2UE_SYNC_BLOCK();
  const int mine = static_cast<int>(threadIdx.x), column = first + mine;
  if (mine >= 32 * N || column >= channels) return;
  float all = 0;
  for (int w = 0; w < warps; ++w) all += slots[(w * N + mine % N) * 32 + mine / N];
  store(y, static_cast<int64_t>(blockIdx.x) * channels + column, all, accumulate);
}

}  // namespace table_grad_detail

/// dtable[ids[i]] += dy[i], rows that no id names becoming 0 unless dtable accumulates. ids [count], dy
/// [count, channels] of T, dtable f32 [words, channels]; N: elements of T an access. Ids outside are passed
/// over.
template <class T, int N>
void table_grad(const int32_t* ids, const T* dy, int64_t count, const GradView& dtable, Stream stream) {
  using namespace table_grad_detail;
  const int64_t words = dtable.shape[0], channels = dtable.shape[1];
  check(count < 1 << 30, "embedding_grad", "the CUDA kernel takes up to 2^30 tokens, got ", count);
  if (!dtable.accumulate) {
    const int64_t elements = words * channels;
    constexpr int wide = N == 1 ? 1 : 4;
    launch("embedding_grad (zeros)", fill_zero<wide>, blocks_for(elements, 256 * wide), 256, 0, stream,
           dtable.f32(), elements);
  }
  if (count == 0) return;
  const auto chunks = blocks_for(count, chunk), tokens = static_cast<unsigned>(count);
  auto* runs = static_cast<Token*>(scratch(tokens * sizeof(Token), stream, 0));
  auto* sorted = static_cast<Token*>(scratch(tokens * sizeof(Token), stream, 1));
  auto* partial = static_cast<float*>(
      scratch(size_t{2} * chunks * static_cast<size_t>(channels) * sizeof(float), stream, 2));
  launch("embedding_grad (sort)", sort_runs, blocks_for(count, run), run, 0, stream, ids, runs,
         static_cast<int>(count));
  launch("embedding_grad (merge)", merge_runs, blocks_for(count, 128), 128, 0, stream, runs, sorted,
         static_cast<int>(count));
  launch("embedding_grad (sums)", sum_chunks<T, N>, dim3(chunks, blocks_for(channels, 32 * N)), 32, 0, stream,
         sorted, dy, dtable.f32(), partial, static_cast<int>(count), words, static_cast<int>(channels));
  launch("embedding_grad (joins)", join_chunks, dim3(chunks, blocks_for(channels, 32)), 512, 0, stream,
         sorted, partial, dtable.f32(), static_cast<int>(count), words, static_cast<int>(channels));
}

/// y [tokens, channels] = (or +=) the sum over the batch of the first `tokens` tokens of dy [batch, length,
/// channels].
template <class T, int N>
void sum_over_batch(const char* name, const T* dy, float* y, int64_t batch, int64_t length, int64_t tokens,
                    int64_t channels, bool accumulate, Stream stream) {
  launch(name, table_grad_detail::sum_batch<T, N>,
         dim3(static_cast<unsigned>(tokens), blocks_for(channels, 32 * N)), 512, 0, stream, dy, y, batch,
         length, static_cast<int>(channels), accumulate);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
