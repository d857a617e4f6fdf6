#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>

#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

namespace detail {

/// One axis of a resampling: output i is the sum of weights[k] * input[first[i] + k - start[i]] for k in
/// start[i]..start[i+1], over `total`, which is the sum of its weights for every i.
struct ResampleAxis {
  std::vector<int> first;
  std::vector<size_t> start = {0};
  std::vector<int32_t> weights;
  int32_t total = 1;

  void add(int first_input, std::initializer_list<int64_t> list) {
    first.push_back(first_input);
    for (const int64_t weight : list) weights.push_back(static_cast<int32_t>(weight));
    start.push_back(weights.size());
  }
};

inline ResampleAxis resample_axis(int from, int to, Resampler resampler) {
  ResampleAxis axis;
  const int64_t in = from;
  const int64_t out = to;
  if (resampler == Resampler::nearest) {
    for (int64_t i = 0; i < out; ++i) axis.add(static_cast<int>(i * in / out), {1});
  } else if (resampler == Resampler::tile) {
    for (int64_t i = 0; i < out; ++i) axis.add(static_cast<int>(i % in), {1});
  } else if (resampler == Resampler::bilinear) {
    axis.total = static_cast<int32_t>(2 * out);
    for (int64_t i = 0; i < out; ++i) {
      // the output centre in input pixels, times 2*out; input centre j lies at j*2*out
      const int64_t centre = std::clamp((2 * i + 1) * in - out, int64_t{0}, (in - 1) * 2 * out);
      const int64_t left = centre / (2 * out);
      const int64_t right_weight = centre - left * 2 * out;
      if (right_weight == 0)
        axis.add(static_cast<int>(left), {2 * out});
      else
        axis.add(static_cast<int>(left), {2 * out - right_weight, right_weight});
    }
  } else {
    axis.total = from;
    for (int64_t i = 0; i < out; ++i) {
      // in units of 1/out input pixels: the output covers [i*in, (i+1)*in), input j covers [j*out, (j+1)*out)
      const int64_t begin = i * in;
      const int64_t end = begin + in;
      axis.first.push_back(static_cast<int>(begin / out));
      for (int64_t j = begin / out; j * out < end; ++j)
        axis.weights.push_back(static_cast<int32_t>(std::min(end, (j + 1) * out) - std::max(begin, j * out)));
      axis.start.push_back(axis.weights.size());
    }
  }
  return axis;
}

/// numerator / denominator to the nearest whole number, halves to the even one; denominator > 0.
inline int64_t divide_half_even(int64_t numerator, int64_t denominator) {
  const int64_t size = std::abs(numerator);
  int64_t quotient = size / denominator;
  const int64_t twice = 2 * (size % denominator);
  if (twice > denominator || (twice == denominator && quotient % 2 == 1)) ++quotient;
  return numerator < 0 ? -quotient : quotient;
}

}  // namespace detail

T2UE_INLINE void check_noise(const Noise& noise) {
  check(noise.height > 0 && noise.width > 0, "noise", "the size ", noise.height, " x ", noise.width,
        " is not positive");
  const size_t needed = static_cast<size_t>(noise.height) * static_cast<size_t>(noise.width) * 3;
  check(noise.steps.size() == needed, "noise", noise.height, " x ", noise.width, " needs ", needed,
        " steps, but there are ", noise.steps.size());
}

T2UE_INLINE Noise quantise_noise(Pixels perturbation, int height, int width, int eps_steps) {
  check(height > 0 && width > 0, "noise", "the size ", height, " x ", width, " is not positive");
  check(eps_steps >= 0 && eps_steps <= max_eps_steps, "noise", "eps of ", eps_steps, " steps is outside 0..",
        max_eps_steps);
  const std::span<const float> values = perturbation.values;
  const size_t needed = static_cast<size_t>(height) * static_cast<size_t>(width) * 3;
  check(values.size() == needed, "noise", height, " x ", width, " needs ", needed, " values, but there are ",
        values.size());
  Noise noise{height, width, std::vector<int8_t>(needed)};
  const auto limit = static_cast<float>(eps_steps);
  for (size_t i = 0; i < needed; ++i) {
    check(std::isfinite(values[i]), "noise", "the perturbation is ", values[i], " at row ",
          i / 3 / static_cast<size_t>(width), ", column ", i / 3 % static_cast<size_t>(width), ", channel ",
          i % 3);
    noise.steps[i] = static_cast<int8_t>(std::clamp(std::nearbyint(values[i] * 255.0f), -limit, limit));
  }
  return noise;
}

T2UE_INLINE Noise resample_noise(const Noise& noise, int height, int width, Resampler resampler) {
  constexpr int side_limit = 1'000'000;  // keeps the sums below in their types
  check_noise(noise);
  check(height > 0 && width > 0 && std::max({height, width, noise.height, noise.width}) <= side_limit,
        "noise", "cannot bring noise from ", noise.height, " x ", noise.width, " to ", height, " x ", width,
        "; sides are 1 to ", side_limit);
  check_noise_resampler("noise", resampler);
  if (noise.height == height && noise.width == width) return noise;
  const detail::ResampleAxis columns = detail::resample_axis(noise.width, width, resampler);
  const detail::ResampleAxis rows = detail::resample_axis(noise.height, height, resampler);
  const size_t row_values = static_cast<size_t>(width) * 3;

  std::vector<int32_t> wide(static_cast<size_t>(noise.height) * row_values);  // times columns.total
  for (size_t y = 0; y < static_cast<size_t>(noise.height); ++y) {
    const int8_t* input = noise.steps.data() + y * static_cast<size_t>(noise.width) * 3;
    int32_t* output = wide.data() + y * row_values;
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      const int8_t* tap = input + static_cast<size_t>(columns.first[x]) * 3;
      for (size_t k = columns.start[x]; k < columns.start[x + 1]; ++k, tap += 3)
        for (size_t c = 0; c < 3; ++c) output[3 * x + c] += columns.weights[k] * tap[c];
    }
  }

  Noise result{height, width, std::vector<int8_t>(static_cast<size_t>(height) * row_values)};
  const int64_t total = int64_t{columns.total} * rows.total;
  std::vector<int64_t> sums(row_values);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    std::fill(sums.begin(), sums.end(), 0);
    const int32_t* input = wide.data() + static_cast<size_t>(rows.first[y]) * row_values;
    for (size_t k = rows.start[y]; k < rows.start[y + 1]; ++k, input += row_values)
      for (size_t i = 0; i < row_values; ++i) sums[i] += int64_t{rows.weights[k]} * input[i];
    int8_t* output = result.steps.data() + y * row_values;
    if (total < (int64_t{1} << 40)) {
      // Exact: the quotient is at most 127, so that its rounding error is far below 1 / (2 total), the least
      // distance of anything but a half from a half.
      for (size_t i = 0; i < row_values; ++i)
        output[i] =
            static_cast<int8_t>(std::nearbyint(static_cast<double>(sums[i]) / static_cast<double>(total)));
      continue;
    }
    for (size_t i = 0; i < row_values; ++i)
      output[i] = static_cast<int8_t>(detail::divide_half_even(sums[i], total));
  }
  return result;
}

T2UE_INLINE Noise noise_for_picture(const Noise& noise, int height, int width, Resampler resampler,
                                    int image_size) {
  check(image_size >= 0, "noise", "an image size of ", image_size, " is below 0");
  const int shorter = std::min(height, width);
  if (image_size == 0 || image_size >= shorter) return resample_noise(noise, height, width, resampler);
  const auto seen = [&](int side) {
    return static_cast<int>((2 * int64_t{side} * image_size + shorter) / (2 * int64_t{shorter}));
  };
  return resample_noise(resample_noise(noise, seen(height), seen(width), resampler), height, width,
                        Resampler::nearest);
}

T2UE_INLINE int max_step(const Noise& noise) {
  int largest = 0;
  for (const int8_t step : noise.steps) largest = std::max(largest, std::abs(int{step}));
  return largest;
}

T2UE_INLINE std::array<uint8_t, 32> noise_digest(const Noise& noise) {
  return Sha256()
      .update(concat(noise.height, "x", noise.width, ":"))
      .update(noise.steps.data(), noise.steps.size())
      .digest();
}

T2UE_INLINE std::string sha256_of(const Noise& noise) {
  return to_hex(noise_digest(noise));
}

}  // namespace t2ue
