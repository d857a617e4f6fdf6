#pragma once

#include <cmath>
#include <complex>
#include <numbers>

#include <t2ue/core/error.hpp>
#include <t2ue/eval/noise_spectrum.hpp>

namespace t2ue {

namespace detail {

using Complex = std::complex<double>;

/// out[u, x] = sum_y wave[u, y] in[y, x]: the transform of the columns, transposed on the way out.
inline std::vector<Complex> transform_columns(const std::vector<Complex>& in,
                                              const std::vector<Complex>& wave, size_t n) {
  std::vector<Complex> out(n * n);
  for (size_t u = 0; u < n; ++u)
    for (size_t y = 0; y < n; ++y) {
      const Complex w = wave[u * y % n];
      for (size_t x = 0; x < n; ++x) out[x * n + u] += w * in[y * n + x];
    }
  return out;
}

}  // namespace detail

T2UE_INLINE NoiseSpectrum noise_spectrum(std::span<const std::vector<int8_t>> noises, int size) {
  const auto n = static_cast<size_t>(size);
  check(size > 0 && !noises.empty(), "spectrum", "of ", noises.size(), " noises of ", size, " pixels");
  std::vector<detail::Complex> wave(n);
  for (size_t k = 0; k < n; ++k)
    wave[k] = std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n));
  NoiseSpectrum spectrum{size, std::vector<double>(n * n), std::vector<double>(n / 2 + 1)};
  const double share = 1.0 / (static_cast<double>(noises.size()) * 3 * static_cast<double>(n * n));
  for (const std::vector<int8_t>& noise : noises) {
    check(noise.size() == n * n * 3, "spectrum", "a noise has ", noise.size(), " values, not ", n * n * 3);
    for (size_t c = 0; c < 3; ++c) {
      std::vector<detail::Complex> plane(n * n);
      for (size_t p = 0; p < n * n; ++p) plane[p] = noise[3 * p + c];
      plane = detail::transform_columns(detail::transform_columns(plane, wave, n), wave, n);
      for (size_t v = 0; v < n; ++v)
        for (size_t u = 0; u < n; ++u)
          spectrum.power[(v + n / 2) % n * n + (u + n / 2) % n] += share * std::norm(plane[v * n + u]);
    }
  }
  double total = 0;
  for (const double p : spectrum.power) total += p;
  const double mean = total / static_cast<double>(n * n);
  std::vector<double> members(spectrum.rings.size());
  const size_t middle = n / 2;
  const auto centre = static_cast<double>(middle);
  for (size_t v = 0; v < n; ++v)
    for (size_t u = 0; u < n; ++u) {
      const double dv = static_cast<double>(v) - centre, du = static_cast<double>(u) - centre;
      const auto ring = static_cast<size_t>(std::lround(std::hypot(dv, du)));
      if (ring >= spectrum.rings.size()) continue;  // corners, beyond half a cycle a pixel
      spectrum.rings[ring] += mean > 0 ? spectrum.power[v * n + u] / mean : 0.0;
      ++members[ring];
    }
  for (size_t r = 0; r < members.size(); ++r)
    if (members[r] > 0) spectrum.rings[r] /= members[r];
  return spectrum;
}

}  // namespace t2ue
