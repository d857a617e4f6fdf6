#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/noise/ssim.hpp>

namespace t2ue {

namespace detail {

/// The Gaussian window along an axis of `length` pixels; its values add up to 1.
inline std::vector<double> ssim_window(int length) {
  const int size = std::min(length, 11);
  std::vector<double> window;
  double total = 0;
  for (int i = 0; i < size; ++i) {
    const double distance = i - (size - 1) / 2.0;
    window.push_back(std::exp(-distance * distance / (2 * 1.5 * 1.5)));
    total += window.back();
  }
  for (double& value : window) value /= total;
  return window;
}

/// Weighted sums of x, y, x^2 + y^2 and xy: all that SSIM needs, because it needs variances only added up.
struct SsimSums {
  double x = 0, y = 0, squares = 0, product = 0;

  void add(double weight, const SsimSums& other) {
    x += weight * other.x;
    y += weight * other.y;
    squares += weight * other.squares;
    product += weight * other.product;
  }
  double similarity() const {
    constexpr double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    const double means = x * y, mean_squares = x * x + y * y;
    return (2 * means + c1) * (2 * (product - means) + c2) /
           ((mean_squares + c1) * (squares - mean_squares + c2));
  }
};

}  // namespace detail

T2UE_INLINE double ssim(const Image& a, const Image& b) {
  check_image(a);
  check_image(b);
  check(a.height == b.height && a.width == b.width && a.channels == b.channels, "ssim", "pictures of ",
        a.height, " x ", a.width, " x ", a.channels, " and ", b.height, " x ", b.width, " x ", b.channels,
        " cannot be compared");
  const std::vector<double> down = detail::ssim_window(a.height), along = detail::ssim_window(a.width);
  const auto channels = static_cast<size_t>(a.channels), row = static_cast<size_t>(a.width) * channels;
  const auto lines = static_cast<int64_t>(static_cast<size_t>(a.height) - down.size() + 1);
  const size_t places = static_cast<size_t>(a.width) - along.size() + 1;
  std::vector<double> of_line(static_cast<size_t>(lines), 0.0);
  cpu::parallel_for(lines, static_cast<int64_t>(row * (down.size() + along.size())), [&](int64_t line) {
    std::vector<detail::SsimSums> columns(row);
    for (size_t k = 0; k < down.size(); ++k) {
      const size_t begin = (static_cast<size_t>(line) + k) * row;
      for (size_t i = 0; i < row; ++i) {
        const auto x = static_cast<double>(a.pixels[begin + i]), y = static_cast<double>(b.pixels[begin + i]);
        columns[i].add(down[k], {x, y, x * x + y * y, x * y});
      }
    }
    double sum = 0;
    for (size_t place = 0; place < places; ++place)
      for (size_t c = 0; c < 3; ++c) {
        detail::SsimSums sums;
        for (size_t k = 0; k < along.size(); ++k) sums.add(along[k], columns[(place + k) * channels + c]);
        sum += sums.similarity();
      }
    of_line[static_cast<size_t>(line)] = sum;
  });
  double total = 0;
  for (const double sum : of_line) total += sum;
  return total / (static_cast<double>(lines) * static_cast<double>(places) * 3.0);
}

}  // namespace t2ue
