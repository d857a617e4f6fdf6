// The spatial frequencies of a noise. They show what grayscale, blur and JPEG will leave of it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Power by frequency of square three-channel noises.
struct NoiseSpectrum {
  int size = 0;
  /// [size, size], the mean over noises and channels of |DFT|^2 / size^2, in squared 8-bit steps; frequency
  /// (0, 0) at [size / 2, size / 2]. By Parseval its sum is the mean sum of squares of a channel.
  std::vector<double> power;
  /// power / its mean, averaged over rings of one frequency step: entry r is for r/size cycles a pixel,
  /// r = 0..size/2. White noise is 1 everywhere.
  std::vector<double> rings;
};

/// The spectrum of `noises`, each size x size x 3 whole steps, channels last. Costs size^3 multiplications a
/// noise and channel. Throws Error when there is none or one has another size.
NoiseSpectrum noise_spectrum(std::span<const std::vector<int8_t>> noises, int size);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/noise_spectrum.inl.hpp>
#endif
