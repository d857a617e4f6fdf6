#pragma once

#include <algorithm>
#include <cmath>

#include <t2ue/core/error.hpp>
#include <t2ue/methods/autoregressive_process.hpp>

namespace t2ue {

namespace detail {

/// The weighted sum of the eight neighbours of (y, x).
inline double ar_sum(const ArWindow& window, const double* field, size_t width, size_t y, size_t x) {
  double sum = 0;
  for (size_t k = 0; k < 8; ++k) sum += window[k] * field[(y - 2 + k / 3) * width + x - 2 + k % 3];
  return sum;
}

/// The rectangle of a field without its first ar_crop rows and columns.
inline std::vector<double> ar_cropped(const std::vector<double>& field, int field_width, int height,
                                      int width) {
  std::vector<double> inner;
  inner.reserve(static_cast<size_t>(height) * static_cast<size_t>(width));
  for (int y = ar_crop; y < ar_crop + height; ++y) {
    const auto row = field.begin() + static_cast<int64_t>(y) * field_width + ar_crop;
    inner.insert(inner.end(), row, row + width);
  }
  return inner;
}

inline double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/// A kept window and one of its fields, cropped to what responses are compared over.
struct KeptWindow {
  ArWindow window;
  std::vector<double> field;
};

}  // namespace detail

T2UE_INLINE std::vector<double> autoregressive_field(const ArWindow& window, int height, int width,
                                                     Random& random) {
  check(height >= 3 && width >= 3, "ar", "a field of ", height, " x ", width,
        " has no room for a window of 3 x 3");
  const auto h = static_cast<size_t>(height), w = static_cast<size_t>(width);
  std::vector<double> field(h * w);
  for (size_t y = 0; y < h; ++y)
    for (size_t x = 0; x < w; ++x)
      if (y < 2 || x < 2) field[y * w + x] = double{random.normal()};
  for (size_t y = 2; y < h; ++y)
    for (size_t x = 2; x < w; ++x) field[y * w + x] = detail::ar_sum(window, field.data(), w, y, x);
  return field;
}

T2UE_INLINE double autoregressive_response(const ArWindow& window, const std::vector<double>& field,
                                           int height, int width) {
  const auto h = static_cast<size_t>(height), w = static_cast<size_t>(width);
  check(h >= 3 && w >= 3 && field.size() == h * w, "ar", "a field of ", height, " x ", width,
        " cannot be filtered: it holds ", field.size(), " values, or no window of 3 x 3");
  double sum = 0;
  for (size_t y = 2; y < h; ++y)
    for (size_t x = 2; x < w; ++x) {
      const double answer = detail::ar_sum(window, field.data(), w, y, x) - field[y * w + x];
      sum += answer * answer;
    }
  return std::sqrt(sum / static_cast<double>((h - 2) * (w - 2)));
}

T2UE_INLINE std::vector<double> autoregressive_noise(std::span<const ArWindow, 3> windows, int height,
                                                     int width, Random& random) {
  std::vector<double> noise(static_cast<size_t>(height) * static_cast<size_t>(width) * 3);
  for (size_t c = 0; c < 3; ++c) {
    const std::vector<double> field =
        autoregressive_field(windows[c], height + ar_crop, width + ar_crop, random);
    const std::vector<double> inner = detail::ar_cropped(field, width + ar_crop, height, width);
    for (size_t i = 0; i < inner.size(); ++i) noise[3 * i + c] = inner[i];
  }
  return noise;
}

T2UE_INLINE std::vector<ArWindow> find_autoregressive_windows(int count, int height, int width,
                                                              uint64_t seed) {
  constexpr int patience = 100'000, fields = 3, compared = 32;
  check(count >= 1 && height >= 3 && width >= 3, "ar", "cannot search ", count, " processes for ", height,
        " x ", width);
  const int compared_height = std::min(height, compared), compared_width = std::min(width, compared);
  std::vector<detail::KeptWindow> kept;
  Random coefficients(seed, Purpose::autoregression);
  uint64_t candidate = 0;
  for (int failed = 0; static_cast<int>(kept.size()) < count;) {
    check(failed < patience, "ar", "only ", kept.size(), " of ", count,
          " processes were found; use fewer classes or another seed");
    ++failed;
    detail::KeptWindow next{};
    double sum = 0;
    for (size_t k = 0; k < 8; ++k) sum += next.window[k] = double{coefficients.normal()};
    for (size_t k = 0; k < 8; ++k) next.window[k] /= sum;
    ++candidate;
    bool good = true;
    for (int f = 0; good && f < fields; ++f) {
      Random start(seed, Purpose::autoregression, candidate * fields + static_cast<uint64_t>(f));  // never 0
      const std::vector<double> field =
          autoregressive_field(next.window, height + ar_crop, width + ar_crop, start);
      // Written so that NaN fails too.
      good = detail::root_mean_square(detail::ar_cropped(field, width + ar_crop, height, width)) <=
             ar_largest_value;
      if (f == 0) next.field = detail::ar_cropped(field, width + ar_crop, compared_height, compared_width);
    }
    const auto differs = [&](const detail::KeptWindow& other) {
      const auto answers = [&](const ArWindow& window, const std::vector<double>& field) {
        return autoregressive_response(window, field, compared_height, compared_width) >= ar_least_response;
      };
      return answers(other.window, next.field) && answers(next.window, other.field);
    };
    if (!good || !std::all_of(kept.begin(), kept.end(), differs)) continue;
    kept.push_back(std::move(next));
    failed = 0;
  }
  std::vector<ArWindow> windows;
  for (const detail::KeptWindow& one : kept) windows.push_back(one.window);
  return windows;
}

}  // namespace t2ue
