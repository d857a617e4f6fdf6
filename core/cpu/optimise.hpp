// Parameter updates over flat arenas.
#pragma once

#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

inline void fill(const FillArgs& a, Stream) {
  float* y = a.y.f32();
  parallel_ranges(a.y.elements(), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = a.value;
  });
}

inline void clamp(const ClampArgs& a, Stream) {
  float* x = a.x.f32();
  for (int64_t i = 0; i < a.x.elements(); ++i) x[i] = x[i] < a.low ? a.low : x[i] > a.high ? a.high : x[i];
}

inline void grad_norm(const GradNormArgs& a, Stream) {
  constexpr int64_t piece = 4096;
  const int64_t count = a.grad.elements(), pieces = (count + piece - 1) / piece;
  std::vector<double> sums(static_cast<size_t>(pieces), 0.0);
  parallel_for(pieces, piece, [&](int64_t p) {
    double sum = 0.0;
    const int64_t end = p * piece + piece < count ? p * piece + piece : count;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = p * piece; i < end; ++i)
      sum += static_cast<double>(a.grad.f32()[i]) * static_cast<double>(a.grad.f32()[i]);
    sums[static_cast<size_t>(p)] = sum;
  });
  double total = 0.0;
  for (double sum : sums) total += sum;
  const double norm = std::sqrt(total);
  a.norm.f32()[0] = static_cast<float>(norm);
  const bool clip = a.max_norm > 0.0f && norm > static_cast<double>(a.max_norm);
  a.norm.f32()[1] = clip ? static_cast<float>(static_cast<double>(a.max_norm) / norm) : 1.0f;
}

namespace detail {
/// f(begin, end, decay) for every piece of every segment.
template <class Args, class F>
void for_each_segment(const Args& a, F&& f) {
  const int64_t segments = a.decay.elements();
  for (int64_t s = 0; s < segments; ++s) {
    const int64_t begin = a.segments.i32()[s], end = a.segments.i32()[s + 1];
    parallel_ranges(end - begin,
                    [&](int64_t from, int64_t to) { f(begin + from, begin + to, a.decay.f32()[s]); });
  }
}
}  // namespace detail

namespace detail {
inline void check_no_shadow(const char* where, const View& shadow) {
  check(!shadow, where, "the CPU computes in f32 and keeps no bf16 shadow of parameters");
}
}  // namespace detail

inline void adam(const AdamArgs& a, Stream) {
  detail::check_no_shadow("adam", a.shadow);
  float *value = a.value.f32(), *first = a.first.f32(), *second = a.second.f32();
  const float* grad = a.grad.f32();
  const float rate = a.hyper.f32()[0], correction1 = a.hyper.f32()[1], correction2 = a.hyper.f32()[2];
  const float clip = a.norm.data ? a.norm.f32()[1] : 1.0f;
  detail::for_each_segment(a, [&](int64_t begin, int64_t end, float decay) {
    const float shrink = a.decoupled ? 1.0f - rate * decay : 1.0f, coupled = a.decoupled ? 0.0f : decay;
    for (int64_t i = begin; i < end; ++i) {
      const float g = clip * grad[i] + coupled * value[i];
      first[i] = a.beta1 * first[i] + (1.0f - a.beta1) * g;
      second[i] = a.beta2 * second[i] + (1.0f - a.beta2) * g * g;
      value[i] =
          shrink * value[i] - rate * (first[i] / correction1) / (std::sqrt(second[i] / correction2) + a.eps);
    }
  });
}

inline void sgd(const SgdArgs& a, Stream) {
  detail::check_no_shadow("sgd", a.shadow);
  float *value = a.value.f32(), *first = a.first.f32();
  const float* grad = a.grad.f32();
  const float rate = a.hyper.f32()[0], clip = a.norm.data ? a.norm.f32()[1] : 1.0f;
  detail::for_each_segment(a, [&](int64_t begin, int64_t end, float decay) {
    for (int64_t i = begin; i < end; ++i) {
      const float g = clip * grad[i] + decay * value[i];
      first[i] = a.momentum * first[i] + g;
      value[i] -= rate * (a.nesterov ? g + a.momentum * first[i] : first[i]);
    }
  });
}

inline void ema(const EmaArgs& a, Stream) {
  const float* value = a.value.f32();
  float* average = a.average.f32();
  const float share = 1.0f - a.decay;
  parallel_ranges(a.average.elements(), [&](int64_t begin, int64_t end) {
    // In this form an average that has arrived stays where it is.
    for (int64_t i = begin; i < end; ++i) average[i] += share * (value[i] - average[i]);
  });
}

}  // namespace t2ue::cpu
