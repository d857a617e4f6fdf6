// Sequences of tokens on the CPU: table lookup, prepending a token, picking one.
#pragma once

#include <algorithm>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void embedding(const EmbeddingArgs& a, Stream) {
  const int64_t tokens = a.y.shape[1], channels = a.y.shape[2], count = a.y.shape[0] * tokens;
  const int32_t* ids = a.ids.i32();
  for (int64_t i = 0; i < count; ++i)
    check(ids[i] >= 0 && ids[i] < a.table.shape[0], "embedding", "id ", ids[i], " at [", i / tokens, ",",
          i % tokens, "] is outside the table of ", a.table.shape[0], " rows");
  const float *table = a.table.f32(), *position = a.position.f32();
  parallel_for(count, channels, [&](int64_t i) {
    const float *word = table + ids[i] * channels, *place = position + i % tokens * channels;
    float* y = a.y.f32() + i * channels;
    for (int64_t c = 0; c < channels; ++c) y[c] = word[c] + place[c];
  });
}

inline void embedding_grad(const EmbeddingGradArgs& a, Stream) {
  const int64_t batch = a.dy.shape[0], tokens = a.dy.shape[1], channels = a.dy.shape[2];
  const float* dy = a.dy.f32();
  if (a.dtable) {
    // Every thread walks all tokens in order, for columns of its own: repeated ids need no locks.
    constexpr int64_t columns = 16;
    const int64_t words = a.dtable.shape[0];
    parallel_for((channels + columns - 1) / columns, (words + batch * tokens) * columns, [&](int64_t block) {
      const int64_t begin = block * columns, width = std::min(columns, channels - begin);
      float* to = a.dtable.f32() + begin;
      if (!a.dtable.accumulate)
        for (int64_t word = 0; word < words; ++word) std::fill_n(to + word * channels, width, 0.0f);
      for (int64_t i = 0; i < batch * tokens; ++i) {
        float* row = to + a.ids.i32()[i] * channels;
        for (int64_t c = 0; c < width; ++c) row[c] += dy[i * channels + begin + c];
      }
    });
  }
  if (a.dposition)
    parallel_for(tokens, batch * channels, [&](int64_t t) {
      float* to = a.dposition.f32() + t * channels;
      if (!a.dposition.accumulate) std::fill_n(to, channels, 0.0f);
      for (int64_t b = 0; b < batch; ++b)
        for (int64_t c = 0; c < channels; ++c) to[c] += dy[(b * tokens + t) * channels + c];
    });
}

inline void prepend_token(const PrependTokenArgs& a, Stream) {
  const int64_t length = a.y.shape[1], channels = a.y.shape[2];
  const int64_t token_stride = a.token.shape.rank() == 2 ? channels : 0;
  parallel_for(a.y.shape[0] * length, channels, [&](int64_t i) {
    const int64_t n = i / length, t = i % length;
    const float* from =
        t == 0 ? a.token.f32() + n * token_stride : a.x.f32() + (n * (length - 1) + t - 1) * channels;
    const float* place = a.position.f32() + t * channels;
    float* y = a.y.f32() + i * channels;
    for (int64_t c = 0; c < channels; ++c) y[c] = from[c] + place[c];
  });
}

inline void prepend_token_grad(const PrependTokenGradArgs& a, Stream) {
  const int64_t batch = a.dy.shape[0], length = a.dy.shape[1], channels = a.dy.shape[2];
  const float* dy = a.dy.f32();
  const auto sum_over_batch = [&](float* to, int64_t t, bool accumulate) {
    if (!accumulate) std::fill_n(to, channels, 0.0f);
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t c = 0; c < channels; ++c) to[c] += dy[(n * length + t) * channels + c];
  };
  if (a.dx)
    parallel_for(batch * (length - 1), channels, [&](int64_t i) {
      const float* from = dy + (i + i / (length - 1) + 1) * channels;
      float* to = a.dx.f32() + i * channels;
      for (int64_t c = 0; c < channels; ++c) put(to[c], from[c], a.dx.accumulate);
    });
  if (a.dtoken && a.dtoken.shape.rank() == 1) sum_over_batch(a.dtoken.f32(), 0, a.dtoken.accumulate);
  if (a.dtoken && a.dtoken.shape.rank() == 2)
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t c = 0; c < channels; ++c)
        put(a.dtoken.f32()[n * channels + c], dy[n * length * channels + c], a.dtoken.accumulate);
  if (a.dposition)
    parallel_for(length, batch * channels, [&](int64_t t) {
      sum_over_batch(a.dposition.f32() + t * channels, t, a.dposition.accumulate);
    });
}

inline void gather_token(const GatherTokenArgs& a, Stream) {
  const int64_t tokens = a.x.shape[1], channels = a.x.shape[2];
  for (int64_t b = 0; b < a.x.shape[0]; ++b) {
    const int64_t index = a.index ? a.index.i32()[b] : 0;
    check(index >= 0 && index < tokens, "gather_token", "index ", index, " at [", b,
          "] is outside the sequence of ", tokens, " tokens");
    std::copy_n(a.x.f32() + (b * tokens + index) * channels, channels, a.y.f32() + b * channels);
  }
}

inline void gather_token_grad(const GatherTokenGradArgs& a, Stream) {
  if (!a.dx) return;
  const int64_t tokens = a.dx.shape[1], channels = a.dx.shape[2];
  parallel_for(a.dx.shape[0], tokens * channels, [&](int64_t b) {
    float* sequence = a.dx.f32() + b * tokens * channels;
    if (!a.dx.accumulate) std::fill_n(sequence, tokens * channels, 0.0f);
    float* to = sequence + (a.index ? a.index.i32()[b] : 0) * channels;
    for (int64_t c = 0; c < channels; ++c) to[c] += a.dy.f32()[b * channels + c];
  });
}

}  // namespace t2ue::cpu
