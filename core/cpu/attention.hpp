// Softmax attention on the CPU: one head at a time, in blocks of queries over local copies of its rows.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

namespace detail {

constexpr int64_t lanes = 16;     // columns of a tile; local matrices are padded to whole tiles with zeros
constexpr int64_t tile_rows = 6;  // 6x16 accumulators fill the registers of AVX2
constexpr int64_t queries_a_time = 24;  // rows of scores held at once

constexpr int64_t whole_lanes(int64_t n) {
  return (n + lanes - 1) / lanes * lanes;
}

/// A matrix seen with any strides: element (i, j) is data[i*row + j*column].
struct Strided {
  const float* data;
  int64_t row, column;
};

template <int64_t rows>
void multiply_tile(int64_t inner, Strided a, const float* b, int64_t b_row, float* c, int64_t c_row,
                   bool accumulate) {
  float sum[rows][lanes] = {};
  for (int64_t k = 0; k < inner; ++k) {
    for (int64_t i = 0; i < rows; ++i) {
      const float factor = a.data[i * a.row + k * a.column];
#pragma omp simd
      for (int64_t j = 0; j < lanes; ++j) sum[i][j] += factor * b[k * b_row + j];
    }
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < lanes; ++j) put(c[i * c_row + j], sum[i][j], accumulate);
}

/// c [rows, columns] = (or +=) a [rows, inner] b [inner, columns]; `columns` is a multiple of `lanes`.
inline void multiply(int64_t rows, int64_t columns, int64_t inner, Strided a, const float* b, int64_t b_row,
                     float* c, int64_t c_row, bool accumulate = false) {
  for (int64_t j = 0; j < columns; j += lanes) {
    int64_t i = 0;
    const auto from = [&] { return Strided{a.data + i * a.row, a.row, a.column}; };
    for (; i + tile_rows <= rows; i += tile_rows)
      multiply_tile<tile_rows>(inner, from(), b + j, b_row, c + i * c_row + j, c_row, accumulate);
    for (; i < rows; ++i) multiply_tile<1>(inner, from(), b + j, b_row, c + i * c_row + j, c_row, accumulate);
  }
}

/// e^x for x <= 0 to about two units in the last place, in a form that vectorises; 0 below -87, NaN for NaN.
inline float exp_of_negative(float x) {
  constexpr float lowest = -87.0f, to_integer = 12582912.0f;  // 1.5 * 2^23: adding it rounds to whole numbers
  const float cut = x > lowest ? x : lowest;
  const float n = (cut * 1.44269504f + to_integer) - to_integer;
  const float r = (cut - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts (Cody and Waite)
  constexpr float series[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  float sum = series[0];
  for (int i = 1; i < 7; ++i) sum = sum * r + series[i];
  const float power = std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
  return x >= lowest ? sum * power : x < lowest ? 0.0f : x;
}

/// The rows of one head, copied out of packed [T, stride] memory.
struct HeadRows {
  const float* from;
  int64_t tokens, stride, width;

  /// to [tokens, whole_lanes(width)] = factor * rows
  void copy(float* to, float factor = 1.0f) const {
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t d = 0; d < width; ++d) to[t * whole_lanes(width) + d] = factor * from[t * stride + d];
  }
  /// to [width, whole_lanes(tokens)] = the rows, transposed
  void transpose(float* to) const {
    for (int64_t d = 0; d < width; ++d)
      for (int64_t t = 0; t < tokens; ++t) to[d * whole_lanes(tokens) + t] = from[t * stride + d];
  }
};

/// to [tokens, stride] = (or +=) factor * from [tokens, whole_lanes(width)]
inline void put_head_rows(const float* from, float factor, float* to, int64_t tokens, int64_t stride,
                          int64_t width, bool accumulate) {
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t d = 0; d < width; ++d)
      put(to[t * stride + d], factor * from[t * whole_lanes(width) + d], accumulate);
}

inline std::vector<float> zeros(int64_t count) {
  return std::vector<float>(static_cast<size_t>(count), 0.0f);
}

}  // namespace detail

inline void attention(const AttentionArgs& a, Stream) {
  using namespace detail;
  const int64_t tokens = a.qkv.shape[1], channels = a.out.shape[2], width = channels / a.heads;
  const int64_t wide = whole_lanes(width), keys = whole_lanes(tokens);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  parallel_for(a.qkv.shape[0] * a.heads, 4 * tokens * tokens * width, [&](int64_t task) {
    const int64_t batch = task / a.heads, head = task % a.heads;
    const float* packed = a.qkv.f32() + batch * tokens * 3 * channels + head * width;
    std::vector<float> q = zeros(tokens * wide), k = zeros(width * keys), v = zeros(tokens * wide);
    std::vector<float> scores = zeros(queries_a_time * keys), out = zeros(queries_a_time * wide);
    HeadRows{packed, tokens, 3 * channels, width}.copy(q.data(), scale);
    HeadRows{packed + channels, tokens, 3 * channels, width}.transpose(k.data());
    HeadRows{packed + 2 * channels, tokens, 3 * channels, width}.copy(v.data());

    for (int64_t first = 0; first < tokens; first += queries_a_time) {
      const int64_t rows = std::min(queries_a_time, tokens - first);
      const int64_t reach = a.causal ? first + rows : tokens;  // keys that some query of the block sees
      multiply(rows, whole_lanes(reach), width, {q.data() + first * wide, wide, 1}, k.data(), keys,
               scores.data(), keys);
      for (int64_t i = 0; i < rows; ++i) {
        float* row = scores.data() + i * keys;
        const int64_t seen = a.causal ? first + i + 1 : tokens;
        float highest = row[0];
#pragma omp simd reduction(max : highest)
        for (int64_t s = 0; s < seen; ++s) highest = std::max(highest, row[s]);
#pragma omp simd
        for (int64_t s = 0; s < seen; ++s) row[s] = exp_of_negative(row[s] - highest);
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t s = 0; s < seen; ++s) sum += static_cast<double>(row[s]);
        a.lse.f32()[task * tokens + first + i] = highest + static_cast<float>(std::log(sum));
        const float inverse = static_cast<float>(1.0 / sum);
        for (int64_t s = 0; s < seen; ++s) row[s] *= inverse;
        std::fill(row + seen, row + reach, 0.0f);
      }
      multiply(rows, wide, reach, {scores.data(), keys, 1}, v.data(), wide, out.data(), wide);
      float* to = a.out.f32() + (batch * tokens + first) * channels + head * width;
      put_head_rows(out.data(), 1.0f, to, rows, channels, width, false);
    }
  });
}

inline void attention_grad(const AttentionGradArgs& a, Stream) {
  using namespace detail;
  if (!a.dqkv) return;
  const int64_t tokens = a.qkv.shape[1], channels = a.out.shape[2], width = channels / a.heads;
  const int64_t wide = whole_lanes(width), keys = whole_lanes(tokens);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  parallel_for(a.qkv.shape[0] * a.heads, 10 * tokens * tokens * width, [&](int64_t task) {
    const int64_t batch = task / a.heads, head = task % a.heads;
    const int64_t packed = batch * tokens * 3 * channels + head * width;
    const HeadRows q_rows{a.qkv.f32() + packed, tokens, 3 * channels, width};
    const HeadRows k_rows{q_rows.from + channels, tokens, 3 * channels, width};
    const HeadRows v_rows{k_rows.from + channels, tokens, 3 * channels, width};
    const int64_t plain = batch * tokens * channels + head * width;
    const HeadRows out{a.out.f32() + plain, tokens, channels, width};
    const HeadRows dout_rows{a.dout.f32() + plain, tokens, channels, width};
    const float* lse = a.lse.f32() + task * tokens;

    std::vector<float> q = zeros(tokens * wide), k = q, dout = q, dq = q, dk = q, dv = q;
    std::vector<float> k_columns = zeros(width * keys), v_columns = k_columns;
    std::vector<float> weights = zeros(queries_a_time * keys), dscores = weights;
    q_rows.copy(q.data(), scale);
    k_rows.copy(k.data());
    k_rows.transpose(k_columns.data());
    v_rows.transpose(v_columns.data());
    dout_rows.copy(dout.data());

    for (int64_t first = 0; first < tokens; first += queries_a_time) {
      const int64_t rows = std::min(queries_a_time, tokens - first);
      const int64_t reach = a.causal ? first + rows : tokens;
      const float *q_block = q.data() + first * wide, *dout_block = dout.data() + first * wide;
      multiply(rows, whole_lanes(reach), width, {q_block, wide, 1}, k_columns.data(), keys, weights.data(),
               keys);
      multiply(rows, whole_lanes(reach), width, {dout_block, wide, 1}, v_columns.data(), keys, dscores.data(),
               keys);
      for (int64_t i = 0; i < rows; ++i) {
        float *weight = weights.data() + i * keys, *dscore = dscores.data() + i * keys;
        const int64_t t = first + i, seen = a.causal ? t + 1 : tokens;
        double along = 0;  // dout . out, which is the sum of weight * dweight
        for (int64_t d = 0; d < width; ++d)
          along += static_cast<double>(out.from[t * channels + d]) *
                   static_cast<double>(dout_rows.from[t * channels + d]);
        const float mean = static_cast<float>(along), total = lse[t];
#pragma omp simd
        for (int64_t s = 0; s < seen; ++s) {
          weight[s] = exp_of_negative(std::min(weight[s] - total, 0.0f));
          dscore[s] = weight[s] * (dscore[s] - mean);
        }
        std::fill(weight + seen, weight + reach, 0.0f);
        std::fill(dscore + seen, dscore + reach, 0.0f);
      }
      multiply(rows, wide, reach, {dscores.data(), keys, 1}, k.data(), wide, dq.data() + first * wide, wide);
      multiply(reach, wide, rows, {dscores.data(), 1, keys}, q_block, wide, dk.data(), wide, true);
      multiply(reach, wide, rows, {weights.data(), 1, keys}, dout_block, wide, dv.data(), wide, true);
    }
    float* to = a.dqkv.f32() + packed;
    put_head_rows(dq.data(), scale, to, tokens, 3 * channels, width, a.dqkv.accumulate);
    put_head_rows(dk.data(), 1.0f, to + channels, tokens, 3 * channels, width, a.dqkv.accumulate);
    put_head_rows(dv.data(), 1.0f, to + 2 * channels, tokens, 3 * channels, width, a.dqkv.accumulate);
  });
}

}  // namespace t2ue::cpu
