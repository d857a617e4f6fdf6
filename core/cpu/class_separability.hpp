// How hard it is to tell classes of vectors apart.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue::cpu {

namespace detail {
/// The squared distance of two classes' centres.
inline double centre_distance2(const float* dots, int64_t classes, int64_t i, int64_t j) {
  const auto at = [&](int64_t a, int64_t b) { return static_cast<double>(dots[a * classes + b]); };
  return at(i, i) + at(j, j) - at(i, j) - at(j, i);
}
inline double centre_distance(const float* dots, int64_t classes, int64_t i, int64_t j) {
  return std::max(std::sqrt(std::max(centre_distance2(dots, classes, i, j), 0.0)), 1e-6);
}
/// The number of ordered pairs of classes that are there.
inline double class_pairs(const float* count, int64_t classes) {
  const auto present = static_cast<double>(
      std::count_if(count, count + classes, [](float members) { return members > 0.0f; }));
  return present * (present - 1);
}
}  // namespace detail

inline void class_separability(const ClassSeparabilityArgs& a, Stream) {
  const int64_t batch = a.gram.shape[0], classes = a.count.elements();
  const int32_t* labels = a.labels.i32();
  float *count = a.count.f32(), *radius = a.radius.f32(), *spread = a.spread.f32(), *dots = a.dots.f32();
  std::fill_n(count, classes, 0.0f);
  for (int64_t b = 0; b < batch; ++b)
    if (labels[b] >= 0) count[labels[b]] += 1.0f;
  parallel_for(batch, batch, [&](int64_t b) {
    std::vector<double> sums(static_cast<size_t>(classes), 0.0);
    for (int64_t other = 0; other < batch; ++other)
      if (labels[other] >= 0)
        sums[static_cast<size_t>(labels[other])] += static_cast<double>(a.gram.f32()[b * batch + other]);
    std::copy(sums.begin(), sums.end(), a.sums.f32() + b * classes);
  });
  parallel_for(classes, classes * batch, [&](int64_t i) {
    for (int64_t j = 0; j < classes; ++j) {
      double sum = 0;
      for (int64_t b = 0; b < batch; ++b)
        if (labels[b] == i) sum += static_cast<double>(a.sums.f32()[b * classes + j]);
      const double members = static_cast<double>(count[i]) * static_cast<double>(count[j]);
      dots[i * classes + j] = members > 0 ? static_cast<float>(sum / members) : 0.0f;
    }
  });
  std::fill_n(spread, classes, 0.0f);
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t y = labels[b];
    radius[b] = 0.0f;
    if (y < 0) continue;
    const double members = static_cast<double>(count[y]);
    const double squared = static_cast<double>(a.gram.f32()[b * batch + b]) -
                           2 * static_cast<double>(a.sums.f32()[b * classes + y]) / members +
                           static_cast<double>(dots[y * classes + y]);
    radius[b] = static_cast<float>(std::sqrt(std::max(squared, 0.0)));
    spread[y] += radius[b] / count[y];
  }
  double sum = 0;
  for (int64_t i = 0; i < classes; ++i)
    for (int64_t j = 0; j < classes; ++j)
      if (i != j && count[i] > 0 && count[j] > 0)
        sum += static_cast<double>(spread[i] + spread[j]) / detail::centre_distance(dots, classes, i, j);
  const double pairs = detail::class_pairs(count, classes);
  a.loss.f32()[0] = pairs > 0 ? static_cast<float>(sum / pairs) : 0.0f;
}

inline void class_separability_grad(const ClassSeparabilityGradArgs& a, Stream) {
  const int64_t batch = a.labels.elements(), classes = a.count.elements();
  const int32_t* labels = a.labels.i32();
  const float *count = a.count.f32(), *radius = a.radius.f32(), *spread = a.spread.f32(),
              *dots = a.dots.f32();
  float *pull = a.pull.f32(), *slopes = a.slopes.f32();
  const double pairs = detail::class_pairs(count, classes);
  const double scale = pairs > 0 ? static_cast<double>(a.dloss.f32()[0]) / pairs : 0.0;
  parallel_for(classes, classes + batch, [&](int64_t i) {
    double by_spread = 0, own = 0;
    for (int64_t j = 0; j < classes; ++j) {
      slopes[i * classes + j] = 0.0f;
      if (i == j || !(count[i] > 0 && count[j] > 0)) continue;
      const double distance = detail::centre_distance(dots, classes, i, j);
      by_spread += 2 * scale / distance;
      if (detail::centre_distance2(dots, classes, i, j) <= 1e-12) continue;
      const double by_square =
          -scale * static_cast<double>(spread[i] + spread[j]) / (distance * distance * distance);
      slopes[i * classes + j] = static_cast<float>(-by_square);
      own += by_square;
    }
    for (int64_t b = 0; b < batch; ++b) {
      if (labels[b] != i) continue;
      const double r = static_cast<double>(radius[b]);
      pull[b] = r > 0 ? static_cast<float>(by_spread / (2 * r * static_cast<double>(count[i]))) : 0.0f;
      own += static_cast<double>(pull[b]);
    }
    slopes[i * classes + i] = static_cast<float>(own);
  });
  parallel_for(batch, batch, [&](int64_t b) {
    const int64_t y = labels[b];
    float* row = a.dgram.f32() + b * batch;
    for (int64_t other = 0; other < batch; ++other) {
      const int64_t z = labels[other];
      float value = 0.0f;
      if (y >= 0 && z >= 0) {
        value = slopes[y * classes + z] / (count[y] * count[z]);
        if (y == z) value -= 2.0f * pull[b] / count[y];
        if (b == other) value += pull[b];
      }
      put(row[other], value, a.dgram.accumulate);
    }
  });
}

}  // namespace t2ue::cpu
