#pragma once

#include <algorithm>
#include <array>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/auto_augment_table.hpp>
#include <t2ue/data/image/picture_policy.hpp>
#include <t2ue/data/image/plasma.hpp>

namespace t2ue {

namespace detail {

/// How far operations go: at the last of `last` + 1 magnitudes, numbered from 0. Posterize loses up to `bits`
/// bits; the translation is numerator/denominator of `side` pixels, or of the picture's side if that is 0.
struct MagnitudeSpace {
  int last;
  double shear, factor;
  int degrees, bits;
  int64_t numerator, denominator, side;
};
inline constexpr MagnitudeSpace auto_augment_space{9, 0.3, 0.9, 30, 4, 150, 331, 0};
inline constexpr MagnitudeSpace rand_augment_space{30, 0.3, 0.9, 30, 4, 150, 331, 0};
inline constexpr MagnitudeSpace wide_space{30, 0.99, 0.99, 135, 6, 1, 1, 32};

/// The operation at magnitude `index`; its direction, where it has one, by `negative`.
inline void apply_at(RgbView picture, AugmentationPolicy kind, PictureOp op, int index, bool negative) {
  const int side = op == PictureOp::translate_y ? picture.height : picture.width;
  apply_picture_op(picture, op, policy_magnitude(kind, op, index, negative, side));
}

inline void auto_augment(RgbView picture, Random& random) {
  const SubPolicy& policy = cifar10_policies()[random.below(25)];
  for (const PolicyStep& step : policy) {
    const bool applied = random.below(10) < step.tenths, negative = random.below(2) == 0;
    if (applied) apply_at(picture, AugmentationPolicy::auto_augment, step.op, step.index, negative);
  }
}

/// The operations that RandAugment and TrivialAugment choose from: all but invert.
inline PictureOp any_operation(Random& random) {
  return static_cast<PictureOp>(random.below(static_cast<uint32_t>(PictureOp::invert)));
}

inline void rand_augment(RgbView picture, Random& random) {
  for (int i = 0; i < 2; ++i) {
    const PictureOp op = any_operation(random);
    apply_at(picture, AugmentationPolicy::rand_augment, op, 9, random.below(2) == 0);
  }
}

inline void trivial_augment(RgbView picture, Random& random) {
  const PictureOp op = any_operation(random);
  const auto index = static_cast<int>(random.below(31));
  apply_at(picture, AugmentationPolicy::trivial_augment, op, index, random.below(2) == 0);
}

/// Puts the channels into one of their six orders.
inline void shuffle_channels(RgbView picture, Random& random) {
  std::array<size_t, 3> order{0, 1, 2};
  std::swap(order[2], order[random.below(3)]);
  std::swap(order[1], order[random.below(2)]);
  for (size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    uint8_t* rgb = &picture.pixels[i];
    const std::array<uint8_t, 3> before{rgb[0], rgb[1], rgb[2]};
    for (size_t c = 0; c < 3; ++c) rgb[c] = before[order[c]];
  }
}

inline void ueraser(RgbView picture, Random& random) {
  // Roughness in [0.1, 0.7), intensity in [0, 1) as public code of it has them, in 1/65536: exact in float.
  const auto roughness = [&] { return static_cast<float>(6554 + random.below(39322)) * 0x1p-16f; };
  const float bright_roughness = roughness(), intensity = random.uniform();
  plasma_brightness(picture, bright_roughness, intensity, random);
  plasma_contrast(picture, roughness(), random);
  if (random.below(2) == 0) shuffle_channels(picture, random);
  trivial_augment(picture, random);
}

}  // namespace detail

T2UE_INLINE float policy_magnitude(AugmentationPolicy kind, PictureOp op, int index, bool negative,
                                   int side) {
  check(kind == AugmentationPolicy::auto_augment || kind == AugmentationPolicy::rand_augment ||
            kind == AugmentationPolicy::trivial_augment,
        "policy", name_of(kind), " has no magnitudes");
  const detail::MagnitudeSpace& space = kind == AugmentationPolicy::auto_augment ? detail::auto_augment_space
                                        : kind == AugmentationPolicy::rand_augment
                                            ? detail::rand_augment_space
                                            : detail::wide_space;
  check(index >= 0 && index <= space.last, "policy", "magnitude ", index, " is not one of 0..", space.last);
  const double sign = negative ? -1.0 : 1.0;
  // Multiplied before it is divided, so that no compiler can fuse the product with a sum.
  const auto share = [&](double most) { return sign * (most * index / space.last); };
  double magnitude = 0;
  switch (op) {
    case PictureOp::shear_x:
    case PictureOp::shear_y:
      magnitude = share(space.shear);
      break;
    case PictureOp::translate_x:
    case PictureOp::translate_y: {
      const int64_t most = space.numerator * (space.side > 0 ? space.side : side);
      const int64_t pixels = most * index / (space.denominator * space.last);
      magnitude = sign * static_cast<double>(pixels);
      break;
    }
    case PictureOp::rotate:
      magnitude = share(space.degrees);
      break;
    case PictureOp::brightness:
    case PictureOp::color:
    case PictureOp::contrast:
    case PictureOp::sharpness:
      magnitude = 1.0 + share(space.factor);
      break;
    case PictureOp::posterize: {
      const int lost = (2 * space.bits * index + space.last) / (2 * space.last);
      magnitude = 8 - lost;
      break;
    }
    case PictureOp::solarize:
      magnitude = 255.0 * (space.last - index) / space.last;
      break;
    case PictureOp::identity:
    case PictureOp::autocontrast:
    case PictureOp::equalize:
    case PictureOp::invert:
      break;
  }
  return static_cast<float>(magnitude);
}

T2UE_INLINE void PicturePolicy::apply(RgbView picture, uint64_t item, int draw) const {
  Random random(seed, Purpose::picture_policy, item | static_cast<uint64_t>(draw) << 48);
  switch (kind) {
    case AugmentationPolicy::none:
      return;
    case AugmentationPolicy::auto_augment:
      return detail::auto_augment(picture, random);
    case AugmentationPolicy::rand_augment:
      return detail::rand_augment(picture, random);
    case AugmentationPolicy::trivial_augment:
      return detail::trivial_augment(picture, random);
    case AugmentationPolicy::ueraser:
      return detail::ueraser(picture, random);
  }
}

T2UE_INLINE void PicturePolicy::apply_to_all(std::span<uint8_t> pictures, int size, uint64_t first_item,
                                             std::span<const int> draws) const {
  if (kind == AugmentationPolicy::none) return;
  check(size > 0 && size <= 1 << 14, "policy", "pictures of ", size, " pixels are not possible");
  const auto bytes = static_cast<size_t>(size) * static_cast<size_t>(size) * 3;
  check(pictures.size() % bytes == 0, "policy", pictures.size(), " bytes are no whole number of pictures of ",
        bytes);
  check(draws.empty() || draws.size() == pictures.size() / bytes, "policy", draws.size(), " draws for ",
        pictures.size() / bytes, " pictures");
  cpu::parallel_for(
      static_cast<int64_t>(pictures.size() / bytes), static_cast<int64_t>(bytes), [&](int64_t i) {
        const auto n = static_cast<size_t>(i);
        apply({pictures.subspan(n * bytes, bytes), size, size}, first_item + n, draws.empty() ? 0 : draws[n]);
      });
}

}  // namespace t2ue
