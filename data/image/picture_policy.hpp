// Augmentation policies on 8-bit pictures. A victim applies them when a batch is filled, before the graph
// crops and flips.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/image/picture_ops.hpp>

namespace t2ue {

enum class AugmentationPolicy : uint8_t {
  none,
  auto_augment,     ///< CIFAR-10's 25 sub-policies of Cubuk et al. (2019), one a picture
  rand_augment,     ///< Cubuk et al. (2020): 2 of 14 operations at magnitude 9 of 30
  trivial_augment,  ///< Mueller & Hutter (2021), the wide space: one operation at a random magnitude of 31
  /// UEraser-lite of Qin et al. (2023), one draw: plasma brightness and contrast, channels shuffled in every
  /// other picture, then trivial_augment.
  ueraser
};

namespace detail {
template <>
struct KindNames<AugmentationPolicy> {
  static constexpr std::string_view what = "augmentation policy";
  static constexpr std::array<std::string_view, 5> names = {"none", "auto-augment", "rand-augment",
                                                            "trivial-augment", "ueraser"};
};
}  // namespace detail

/// An operation's magnitude number `index`, from 0 to 9 in auto_augment and to 30 in rand_augment and
/// trivial_augment, to the other side if `negative`: torchvision's tables. Translations go up to 150/331 of
/// `side`, the picture's in their direction, in trivial_augment up to 32 pixels. Error for another kind or
/// index.
float policy_magnitude(AugmentationPolicy kind, PictureOp op, int index, bool negative, int side);

/// A policy and the seed it draws by.
struct PicturePolicy {
  AugmentationPolicy kind = AugmentationPolicy::none;
  uint64_t seed = 0;

  /// Changes one picture as drawn for (seed, item, draw); items are below 2^48. Error as apply_picture_op().
  void apply(RgbView picture, uint64_t item, int draw = 0) const;
  /// Changes square pictures of `size` one after another in memory, the first as `first_item`; spread over
  /// threads, the same bits for any number of them. `draws`: which of a picture's draws, one a picture; none:
  /// the first.
  void apply_to_all(std::span<uint8_t> pictures, int size, uint64_t first_item,
                    std::span<const int> draws = {}) const;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/picture_policy.inl.hpp>
#endif
