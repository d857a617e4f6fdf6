// Philox 4x32-10 (Salmon et al., SC'11): random numbers by counter, so that any item's numbers can be drawn
// without drawing those before it, and CPU and GPU draw the same ones.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <t2ue/core/bf16.hpp>

namespace t2ue {

/// What a stream of random numbers is for; part of its key, so that two purposes never share numbers.
enum class Purpose : uint32_t {
  init = 1,
  latent,
  shuffle,
  augment,
  render,
  sign_noise,
  subset,
  test,
  bootstrap,
  colour,
  cutout,
  mixup,
  uniform_noise,
  class_noise,
  autoregression,
  autoregressive_start,
  separable_patches,
  separable_points,
  filter,
  clusters,
  block_codes,
  projection,
  defence,
  cutmix,
  picture_policy,
  separability,
  noise_start,
  caption_shuffle,
  trigger
};

namespace detail {
/// Turns a counter into four random words. Plain arrays: kernels cannot call what std::array is made of.
T2UE_HOST_DEVICE constexpr void philox_rounds(uint32_t key_low, uint32_t key_high, uint32_t (&counter)[4]) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter[0] = static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key_low;
    counter[1] = static_cast<uint32_t>(b);
    counter[2] = static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key_high;
    counter[3] = static_cast<uint32_t>(a);
    key_low += 0x9E3779B9u, key_high += 0xBB67AE85u;
  }
}
}  // namespace detail

/// Four 32-bit words for (key, counter).
constexpr std::array<uint32_t, 4> philox(std::array<uint32_t, 2> key, std::array<uint32_t, 4> counter) {
  uint32_t words[4] = {counter[0], counter[1], counter[2], counter[3]};
  detail::philox_rounds(key[0], key[1], words);
  return {words[0], words[1], words[2], words[3]};
}

/// A uniform in [0, 1) with 24 bits, exact in float.
T2UE_HOST_DEVICE constexpr float uniform_from_bits(uint32_t bits) {
  return static_cast<float>(bits >> 8) * 0x1p-24f;
}

/// The random numbers of one (seed, purpose, item): a small value type that draws in sequence.
class Random {
 public:
  T2UE_HOST_DEVICE Random(uint64_t seed, Purpose purpose, uint64_t item = 0)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
        counter_{0, static_cast<uint32_t>(purpose), static_cast<uint32_t>(item),
                 static_cast<uint32_t>(item >> 32)} {}

  T2UE_HOST_DEVICE uint32_t bits() {
    if (next_ == 4) {
      for (int i = 0; i < 4; ++i) block_[i] = counter_[i];
      detail::philox_rounds(key_[0], key_[1], block_);
      ++counter_[0];
      next_ = 0;
    }
    return block_[next_++];
  }
  /// Uniform in [0, 1).
  T2UE_HOST_DEVICE float uniform() { return uniform_from_bits(bits()); }
  float uniform(float low, float high) { return low + (high - low) * uniform(); }
  /// Uniform in {0, ..., count-1}; the bias of the multiply-shift is below 2^-32 * count.
  T2UE_HOST_DEVICE uint32_t below(uint32_t count) {
    return static_cast<uint32_t>((uint64_t{bits()} * count) >> 32);
  }
  /// Standard normal (Box-Muller; two words a number, so that the k-th number does not depend on history).
  float normal() {
    const double u = (static_cast<double>(bits()) + 0.5) * 0x1p-32;
    const double v = static_cast<double>(bits()) * 0x1p-32;
    return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * 3.14159265358979323846 * v));
  }

 private:
  uint32_t key_[2], counter_[4], block_[4] = {};
  unsigned next_ = 4;
};

/// The numbers 0..count-1 in an order drawn from (seed, epoch): Fisher-Yates over Philox.
inline std::vector<int64_t> shuffled_order(int64_t count, uint64_t seed, uint64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) order[static_cast<size_t>(i)] = i;
  Random random(seed, Purpose::shuffle, epoch);
  for (int64_t i = count - 1; i > 0; --i) {
    const auto j = random.below(static_cast<uint32_t>(i + 1));
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return order;
}

}  // namespace t2ue
