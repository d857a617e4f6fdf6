#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <t2ue/data/image/perceptual_hash.hpp>
#include <t2ue/data/image/resize_image.hpp>

namespace t2ue {
namespace detail {

inline constexpr size_t hash_side = 32, hash_frequencies = 8;
using HashBasis = std::array<std::array<double, hash_side>, hash_frequencies>;

/// Row k: the cosine of frequency k + 1 at the 32 places. Their scale does not matter to the hash.
inline const HashBasis& hash_basis() {
  static const HashBasis basis = [] {
    HashBasis rows{};
    for (size_t k = 0; k < hash_frequencies; ++k)
      for (size_t i = 0; i < hash_side; ++i)
        rows[k][i] = std::cos(std::numbers::pi * static_cast<double>(k + 1) *
                              (2.0 * static_cast<double>(i) + 1.0) / (2.0 * static_cast<double>(hash_side)));
    return rows;
  }();
  return basis;
}

}  // namespace detail

T2UE_INLINE uint64_t perceptual_hash(const Image& image) {
  using detail::hash_frequencies, detail::hash_side;
  const Image small = resize_image(drop_alpha(image), hash_side, hash_side);
  std::array<double, hash_side * hash_side> luma;
  const auto at = [&](size_t pixel) {
    return 0.299 * small.pixels[3 * pixel] + 0.587 * small.pixels[3 * pixel + 1] +
           0.114 * small.pixels[3 * pixel + 2];
  };
  // The constant part has no weight in the frequencies from 1; without it a flat picture gives exact zeros.
  for (size_t pixel = 0; pixel < luma.size(); ++pixel) luma[pixel] = at(pixel) - at(0);

  const detail::HashBasis& basis = detail::hash_basis();
  std::array<double, hash_frequencies * hash_side> rows{};  // frequencies along y, places along x
  for (size_t k = 0; k < hash_frequencies; ++k)
    for (size_t y = 0; y < hash_side; ++y)
      for (size_t x = 0; x < hash_side; ++x) rows[k * hash_side + x] += basis[k][y] * luma[y * hash_side + x];
  std::array<double, hash_frequencies * hash_frequencies> coefficients{};
  for (size_t k = 0; k < hash_frequencies; ++k)
    for (size_t l = 0; l < hash_frequencies; ++l)
      for (size_t x = 0; x < hash_side; ++x)
        coefficients[k * hash_frequencies + l] += rows[k * hash_side + x] * basis[l][x];

  auto sorted = coefficients;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[31] + sorted[32]) / 2;
  uint64_t hash = 0;
  for (size_t bit = 0; bit < 64; ++bit)
    if (coefficients[bit] > median) hash |= uint64_t{1} << bit;
  return hash;
}

}  // namespace t2ue
