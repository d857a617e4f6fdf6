// Noise kept in a table: gathering the rows of a batch, and the signed-gradient step on them.
#pragma once

#include <algorithm>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/cpu/perturb.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void gather_rows(const GatherRowsArgs& a, Stream) {
  const int64_t places = a.y.shape[0], size = a.y.elements() / places;
  parallel_for(places, size, [&](int64_t b) {
    const int32_t row = a.rows.i32()[b];
    float* y = a.y.f32() + b * size;
    if (row < 0)
      std::fill_n(y, size, 0.0f);
    else
      std::copy_n(a.table.f32() + row * size, size, y);
  });
}

namespace detail {
/// One place's noise after a step along the sign of its gradient.
inline float stepped(const SignStepArgs& a, float from, int64_t at) {
  const float grad = a.grad.f32()[at];
  const float sign = grad > 0.0f ? 1.0f : grad < 0.0f ? -1.0f : 0.0f;
  float value = std::clamp(from + a.step * sign, -a.limit, a.limit);
  if (a.picture.data) {
    const float pixel = pixel_at(a.picture, at);
    value = std::clamp(value, -pixel, 1.0f - pixel);
  }
  return value;
}
}  // namespace detail

inline void sign_step(const SignStepArgs& a, Stream) {
  const int64_t places = a.grad.shape[0], size = a.grad.elements() / places;
  const int32_t* rows = a.rows.i32();
  parallel_for(places, size, [&](int64_t b) {
    const int64_t row = rows ? rows[b] : b;
    // The first place that shows a row does the row's work.
    if (row < 0 || (rows && std::find(rows, rows + b, rows[b]) != rows + b)) return;
    std::vector<int64_t> shown_at{b};
    for (int64_t other = b + 1; rows && other < places; ++other)
      if (rows[other] == rows[b]) shown_at.push_back(other);
    const auto count = static_cast<float>(shown_at.size());
    float* noise = a.table.f32() + row * size;
    for (int64_t i = 0; i < size; ++i) {
      float sum = 0.0f;
      for (const int64_t place : shown_at) sum += detail::stepped(a, noise[i], place * size + i);
      noise[i] = sum / count;
    }
  });
}

}  // namespace t2ue::cpu
