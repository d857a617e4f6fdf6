// How a generator's latents are shared among items.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <t2ue/core/kinds.hpp>

namespace t2ue {

/// How latents are shared among items.
enum class LatentSharing : uint8_t {
  all,      ///< one z for everything: a caption's noise is a function of the caption
  caption,  ///< one z for each distinct caption
  item,     ///< one z for each key: sample-wise noise
};

namespace detail {
template <>
struct KindNames<LatentSharing> {
  static constexpr std::string_view what = "latent sharing";
  static constexpr std::array<std::string_view, 3> names = {"all", "caption", "item"};
};
}  // namespace detail

}  // namespace t2ue
