// The supervised loss on the CPU, and the normalisation before the contrastive one.
#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>
#include <t2ue/core/mixup_partner.hpp>

namespace t2ue::cpu {

namespace detail {

constexpr float largest_inv_norm = 1e12f;  // of rows shorter than 1e-12, which are not brought to unit length

/// log(sum(exp(x[i]))) over `count` numbers, safe from overflow.
inline float log_sum_exp(const float* x, int64_t count) {
  float highest = x[0];
  for (int64_t i = 1; i < count; ++i) highest = std::max(highest, x[i]);
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(std::exp(x[i] - highest));
  return highest + static_cast<float>(std::log(sum));
}

}  // namespace detail

inline void l2_normalize(const L2NormalizeArgs& a, Stream) {
  const int64_t channels = a.x.shape[1];
  parallel_for(a.x.shape[0], 4 * channels, [&](int64_t row) {
    const float* x = a.x.f32() + row * channels;
    double squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < channels; ++c) squares += static_cast<double>(x[c]) * static_cast<double>(x[c]);
    const float inverse = std::min(static_cast<float>(1.0 / std::sqrt(squares)), detail::largest_inv_norm);
    a.inv_norm.f32()[row] = inverse;
    float* y = a.y.f32() + row * channels;
    for (int64_t c = 0; c < channels; ++c) y[c] = x[c] * inverse;
  });
}

inline void l2_normalize_grad(const L2NormalizeGradArgs& a, Stream) {
  if (!a.dx) return;
  const int64_t channels = a.dy.shape[1];
  parallel_for(a.dy.shape[0], 4 * channels, [&](int64_t row) {
    const float *y = a.y.f32() + row * channels, *dy = a.dy.f32() + row * channels;
    const float inverse = a.inv_norm.f32()[row];
    double dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t c = 0; c < channels; ++c) dot += static_cast<double>(y[c]) * static_cast<double>(dy[c]);
    const float along = inverse < detail::largest_inv_norm ? static_cast<float>(dot) : 0.0f;
    float* dx = a.dx.f32() + row * channels;
    for (int64_t c = 0; c < channels; ++c) put(dx[c], inverse * (dy[c] - y[c] * along), a.dx.accumulate);
  });
}

namespace detail {
/// The label of row i, that of its partner, and the weights of both.
struct MixedLabel {
  int32_t own, other;
  float share, rest;
};
template <class Args>
MixedLabel mixed_label(const Args& a, int64_t i) {
  const int32_t* labels = a.labels.i32();
  if (!a.share) return {labels[i], labels[i], 1.0f, 0.0f};
  const float share = a.share.f32()[0];
  return {labels[i], labels[mixup_partner(i, a.shift.i32()[0], a.labels.shape[0])], share, 1.0f - share};
}
}  // namespace detail

inline void cross_entropy(const CrossEntropyArgs& a, Stream) {
  const int64_t batch = a.logits.shape[0], classes = a.logits.shape[1];
  const int32_t* labels = a.labels.i32();
  for (int64_t i = 0; i < batch; ++i)
    check(labels[i] >= 0 && labels[i] < classes, "cross_entropy", "label ", labels[i], " at [", i,
          "] is not one of the ", classes, " classes");
  const float* logits = a.logits.f32();
  float* lse = a.lse.f32();
  parallel_for(batch, 8 * classes,
               [&](int64_t i) { lse[i] = detail::log_sum_exp(logits + i * classes, classes); });
  double sum = 0;
  for (int64_t i = 0; i < batch; ++i) {
    const detail::MixedLabel label = detail::mixed_label(a, i);
    const float* row = logits + i * classes;
    double target = static_cast<double>(label.share) * static_cast<double>(row[label.own]);
    if (label.rest > 0.0f) target += static_cast<double>(label.rest) * static_cast<double>(row[label.other]);
    sum += static_cast<double>(lse[i]) - target;
  }
  a.loss.f32()[0] = static_cast<float>(sum / static_cast<double>(batch));
}

inline void cross_entropy_grad(const CrossEntropyGradArgs& a, Stream) {
  if (!a.dlogits) return;
  const int64_t batch = a.logits.shape[0], classes = a.logits.shape[1];
  const float step = a.dloss.f32()[0] / static_cast<float>(batch);
  parallel_for(batch, 8 * classes, [&](int64_t i) {
    const float lse = a.lse.f32()[i];
    const detail::MixedLabel label = detail::mixed_label(a, i);
    for (int64_t k = 0; k < classes; ++k) {
      const float target = (k == label.own ? label.share : 0.0f) + (k == label.other ? label.rest : 0.0f);
      const float d = step * (std::exp(a.logits.f32()[i * classes + k] - lse) - target);
      put(a.dlogits.f32()[i * classes + k], d, a.dlogits.accumulate);
    }
  });
}

}  // namespace t2ue::cpu
