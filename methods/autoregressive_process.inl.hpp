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

/// Draws windows and keeps those whose fields stay small.
class StableWindows {
 public:
  StableWindows(int height, int width, uint64_t seed)
      : height_(height), width_(width), seed_(seed), coefficients_(seed, Purpose::autoregression) {}

  ArWindow next() {
    constexpr int patience = 100'000, quick = 32;
    for (int tried = 0; tried < patience; ++tried) {
      ArWindow window{};
      double sum = 0;
      for (size_t k = 0; k < 8; ++k) sum += window[k] = double{coefficients_.normal()};
      for (size_t k = 0; k < 8; ++k) window[k] /= sum;
      ++number_;
      // Most fail on a small field already.
      if (stable(window, std::min(height_, quick), std::min(width_, quick)) &&
          stable(window, height_, width_))
        return window;
    }
    fail("ar", "none of ", patience, " processes stays small over ", height_, " x ", width_,
         "; make the noise at a smaller size");
  }

  /// A field of the window drawn last, one of many.
  std::vector<double> field(const ArWindow& window, int height, int width, uint64_t which) const {
    Random start(seed_, Purpose::autoregression, number_ * fields + which);  // never item 0, the coefficients
    return ar_cropped(autoregressive_field(window, height + ar_crop, width + ar_crop, start), width + ar_crop,
                      height, width);
  }

 private:
  static constexpr uint64_t fields = 3;

  bool stable(const ArWindow& window, int height, int width) const {
    for (uint64_t which = 0; which < fields; ++which)  // written so that NaN fails too
      if (!(root_mean_square(field(window, height, width, which)) <= ar_largest_value)) return false;
    return true;
  }

  int height_, width_;
  uint64_t seed_, number_ = 0;
  Random coefficients_;
};

/// A process and one field of each channel, of what responses are compared over.
struct KnownProcess {
  ArProcess windows;
  std::array<std::vector<double>, 3> fields;
};

inline bool answers(const ArProcess& filters, const KnownProcess& other, int height, int width) {
  double squares = 0;
  for (size_t c = 0; c < 3; ++c) {
    const double response = autoregressive_response(filters[c], other.fields[c], height, width);
    squares += response * response;
  }
  return squares >= ar_least_response * ar_least_response;
}

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

T2UE_INLINE std::vector<double> autoregressive_noise(const ArProcess& process, int height, int width,
                                                     Random& random) {
  std::vector<double> noise(static_cast<size_t>(height) * static_cast<size_t>(width) * 3);
  for (size_t c = 0; c < 3; ++c) {
    const std::vector<double> field =
        autoregressive_field(process[c], height + ar_crop, width + ar_crop, random);
    const std::vector<double> inner = detail::ar_cropped(field, width + ar_crop, height, width);
    for (size_t i = 0; i < inner.size(); ++i) noise[3 * i + c] = inner[i];
  }
  return noise;
}

T2UE_INLINE std::vector<ArProcess> find_autoregressive_processes(int count, int height, int width,
                                                                 uint64_t seed) {
  constexpr int patience = 100'000, compared = 32;
  check(count >= 1 && height >= 3 && width >= 3, "ar", "cannot search ", count, " processes for ", height,
        " x ", width);
  const int h = std::min(height, compared), w = std::min(width, compared);
  detail::StableWindows windows(height, width, seed);
  std::vector<detail::KnownProcess> known;
  for (int failed = 0; static_cast<int>(known.size()) < count; ++failed) {
    check(failed < patience, "ar", "only ", known.size(), " of ", count,
          " processes were found; use fewer classes or another seed");
    detail::KnownProcess next;
    for (size_t c = 0; c < 3; ++c) {
      next.windows[c] = windows.next();
      next.fields[c] = windows.field(next.windows[c], h, w, 0);
    }
    const bool differs = std::all_of(known.begin(), known.end(), [&](const detail::KnownProcess& other) {
      return detail::answers(other.windows, next, h, w) && detail::answers(next.windows, other, h, w);
    });
    if (!differs) continue;
    known.push_back(std::move(next));
    failed = 0;
  }
  std::vector<ArProcess> processes;
  for (const detail::KnownProcess& one : known) processes.push_back(one.windows);
  return processes;
}

}  // namespace t2ue
