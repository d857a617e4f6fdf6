// Sequences of tokens: table lookup, prepending a token, picking one. One warp for each row.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <type_traits>

#include <t2ue/cuda/table_grad.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

constexpr int row_warps = 8;  // rows of a block

/// The row of this warp, below `rows` or the warp has none.
__device__ __forceinline__ int64_t row_of_warp() {
  return static_cast<int64_t>(blockIdx.x) * row_warps + threadIdx.x / 32;
}

/// to = (or +=) from + place over one row of `channels`; `from` or `place` may be null: zeros.
template <int N, class To, class From, class Place>
__device__ __forceinline__ void put_row(To* to, const From* from, const Place* place, int channels,
                                        bool accumulate = false) {
  for (int c = static_cast<int>(threadIdx.x % 32) * N; c < channels; c += 32 * N) {
    Vector<From, N> left{};
    Vector<Place, N> right{};
    Vector<To, N> result{};
    if (from) left = *reinterpret_cast<const Vector<From, N>*>(from + c);
    if (place) right = *reinterpret_cast<const Vector<Place, N>*>(place + c);
    if (accumulate) result = *reinterpret_cast<const Vector<To, N>*>(to + c);
#pragma unroll
    for (int e = 0; e < N; ++e) {
      const float sum = static_cast<float>(left.at[e]) + static_cast<float>(right.at[e]);
      result.at[e] = static_cast<To>(accumulate ? static_cast<float>(result.at[e]) + sum : sum);
    }
    *reinterpret_cast<Vector<To, N>*>(to + c) = result;
  }
}

/// A row that an index outside its range asks for: a kernel cannot throw, so the loss shows it.
template <class T>
__device__ void put_nan_row(T* to, int channels) {
  for (int c = static_cast<int>(threadIdx.x % 32); c < channels; c += 32) to[c] = static_cast<T>(NAN);
}

template <class T, int N>
__global__ void embedding_rows(const int32_t* ids, const T* table, const T* position, T* y, int64_t rows,
                               int64_t words, int tokens, int channels) {
  const int64_t row = row_of_warp();
  if (row >= rows) return;
  const int64_t id = ids[row];
  if (id < 0 || id >= words) return put_nan_row(y + row * channels, channels);
  put_row<N>(y + row * channels, table + id * channels, position + row % tokens * channels, channels);
}

/// One of the two tokens is null: `shared` [C] is a parameter, `each` [N,C] an activation. length: T + 1.
template <class T, int N>
__global__ void prepend_token_rows(const T* x, const float* shared, const T* each, const T* position, T* y,
                                   int64_t rows, int length, int channels) {
  const int64_t row = row_of_warp();
  if (row >= rows) return;
  const int64_t n = row / length;
  const int t = static_cast<int>(row % length);
  T* to = y + row * channels;
  const T* place = position + static_cast<int64_t>(t) * channels;
  if (t > 0)
    put_row<N>(to, x + (row - n - 1) * channels, place, channels);
  else if (shared)
    put_row<N>(to, shared, place, channels);
  else
    put_row<N>(to, each + n * channels, place, channels);
}

/// The gradient of all tokens but the first goes to dx [N,T,C], that of the first to dtoken [N,C]; either may
/// be null. length: T + 1.
template <class T, int N>
__global__ void split_token_rows(const T* dy, T* dx, T* dtoken, int64_t rows, int length, int channels,
                                 bool accumulate_dx, bool accumulate_dtoken) {
  const int64_t row = row_of_warp();
  if (row >= rows) return;
  const int64_t n = row / length;
  const T *from = dy + row * channels, *nothing = nullptr;
  if (row % length != 0) {
    if (dx) put_row<N>(dx + (row - n - 1) * channels, from, nothing, channels, accumulate_dx);
  } else if (dtoken) {
    put_row<N>(dtoken + n * channels, from, nothing, channels, accumulate_dtoken);
  }
}

template <class T, int N>
__global__ void gather_token_rows(const T* x, const int32_t* index, T* y, int64_t rows, int tokens,
                                  int channels) {
  const int64_t row = row_of_warp();
  if (row >= rows) return;
  const int t = index ? index[row] : 0;
  if (t < 0 || t >= tokens) return put_nan_row(y + row * channels, channels);
  const T* nothing = nullptr;
  put_row<N>(y + row * channels, x + (row * tokens + t) * channels, nothing, channels);
}

/// dx[b,t] = dy[b] where t is the token picked, else 0; accumulating, only that token is touched.
template <class T, int N>
__global__ void gather_token_grad_rows(const T* dy, const int32_t* index, T* dx, int64_t rows, int tokens,
                                       int channels, bool accumulate) {
  const int64_t row = row_of_warp();
  if (row >= rows) return;
  const int64_t b = row / tokens;
  const bool picked = row % tokens == (index ? index[b] : 0);
  const T* nothing = nullptr;
  if (picked || !accumulate)
    put_row<N>(dx + row * channels, picked ? dy + b * channels : nothing, nothing, channels, accumulate);
}

/// Calls f(type pointer, N): N elements of T fill 16 bytes where the rows and addresses of all views allow
/// it.
template <class F>
void with_row_vectors(const char* where, const View& rows, std::initializer_list<const View*> views, F&& f) {
  with_type_of(where, rows, [&](auto* type) {
    constexpr int wide = vector_width<std::remove_pointer_t<decltype(type)>>;
    bool aligned = rows.shape.back() % wide == 0;
    for (const View* view : views) aligned = aligned && reinterpret_cast<uintptr_t>(view->data) % 32 == 0;
    if (aligned)
      f(type, std::integral_constant<int, wide>{});
    else
      f(type, std::integral_constant<int, 1>{});
  });
}

}  // namespace

/// As the CPU's, except that an id outside the table gives a row of NaN instead of an Error.
void embedding(const EmbeddingArgs& a, Stream stream) {
  const int64_t rows = a.y.shape.rows();
  with_row_vectors("embedding", a.y, {&a.table, &a.position, &a.y}, [&](auto* type, auto n) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch("embedding", embedding_rows<T, n>, blocks_for(rows, row_warps), 32 * row_warps, 0, stream,
           a.ids.i32(), a.table.as<T>(), a.position.as<T>(), a.y.as<T>(), rows, a.table.shape[0],
           static_cast<int>(a.y.shape[1]), static_cast<int>(a.y.shape[2]));
  });
}

void embedding_grad(const EmbeddingGradArgs& a, Stream stream) {
  const int64_t batch = a.dy.shape[0], tokens = a.dy.shape[1], channels = a.dy.shape[2];
  with_row_vectors("embedding_grad", a.dy, {&a.dy, &a.dtable, &a.dposition}, [&](auto* type, auto n) {
    using T = std::remove_pointer_t<decltype(type)>;
    if (a.dtable) table_grad<T, n>(a.ids.i32(), a.dy.as<T>(), batch * tokens, a.dtable, stream);
    if (a.dposition)
      sum_over_batch<T, n>("embedding_grad (position)", a.dy.as<T>(), a.dposition.f32(), batch, tokens,
                           tokens, channels, a.dposition.accumulate, stream);
  });
}

void prepend_token(const PrependTokenArgs& a, Stream stream) {
  const int64_t rows = a.y.shape.rows();
  with_row_vectors("prepend_token", a.y, {&a.x, &a.token, &a.position, &a.y}, [&](auto* type, auto n) {
    using T = std::remove_pointer_t<decltype(type)>;
    const bool each = a.token.shape.rank() == 2;
    launch("prepend_token", prepend_token_rows<T, n>, blocks_for(rows, row_warps), 32 * row_warps, 0, stream,
           a.x.as<T>(), each ? nullptr : a.token.f32(), each ? a.token.as<T>() : nullptr, a.position.as<T>(),
           a.y.as<T>(), rows, static_cast<int>(a.y.shape[1]), static_cast<int>(a.y.shape[2]));
  });
}

void prepend_token_grad(const PrependTokenGradArgs& a, Stream stream) {
  const int64_t batch = a.dy.shape[0], length = a.dy.shape[1], channels = a.dy.shape[2],
                rows = batch * length;
  with_row_vectors(
      "prepend_token_grad", a.dy, {&a.dy, &a.dx, &a.dtoken, &a.dposition}, [&](auto* type, auto n) {
        using T = std::remove_pointer_t<decltype(type)>;
        const bool each = a.dtoken && a.dtoken.shape.rank() == 2;
        if (a.dx || each)
          launch("prepend_token_grad", split_token_rows<T, n>, blocks_for(rows, row_warps), 32 * row_warps, 0,
                 stream, a.dy.as<T>(), a.dx.as<T>(), each ? a.dtoken.as<T>() : nullptr, rows,
                 static_cast<int>(length), static_cast<int>(channels), a.dx.accumulate, a.dtoken.accumulate);
        if (a.dtoken && !each)
          sum_over_batch<T, n>("prepend_token_grad (token)", a.dy.as<T>(), a.dtoken.f32(), batch, length, 1,
                               channels, a.dtoken.accumulate, stream);
        if (a.dposition)
          sum_over_batch<T, n>("prepend_token_grad (position)", a.dy.as<T>(), a.dposition.f32(), batch,
                               length, length, channels, a.dposition.accumulate, stream);
      });
}

/// As the CPU's, except that an index outside the sequence gives a row of NaN instead of an Error.
void gather_token(const GatherTokenArgs& a, Stream stream) {
  const int64_t rows = a.y.shape[0];
  with_row_vectors("gather_token", a.y, {&a.x, &a.y}, [&](auto* type, auto n) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch("gather_token", gather_token_rows<T, n>, blocks_for(rows, row_warps), 32 * row_warps, 0, stream,
           a.x.as<T>(), a.index.i32(), a.y.as<T>(), rows, static_cast<int>(a.x.shape[1]),
           static_cast<int>(a.x.shape[2]));
  });
}

void gather_token_grad(const GatherTokenGradArgs& a, Stream stream) {
  if (!a.dx) return;
  const int64_t rows = a.dx.shape.rows();
  with_row_vectors("gather_token_grad", a.dy, {&a.dy, &a.dx}, [&](auto* type, auto n) {
    using T = std::remove_pointer_t<decltype(type)>;
    launch("gather_token_grad", gather_token_grad_rows<T, n>, blocks_for(rows, row_warps), 32 * row_warps, 0,
           stream, a.dy.as<T>(), a.index.i32(), a.dx.as<T>(), rows, static_cast<int>(a.dx.shape[1]),
           static_cast<int>(a.dx.shape[2]), a.dx.accumulate);
  });
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
