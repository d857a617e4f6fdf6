// A method card: what a method needs, promises and costs. It stands beside every result of the method.
#pragma once

#include <cmath>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

/// What a budget bounds. linf: the largest change of a value; l2: the root of the sum of the squared changes;
/// l0: the number of pixels that change; none: nothing is bounded.
enum class Norm : uint8_t { linf, l2, l0, none };

/// What has to be seen of the pictures before they can be protected. zero_contact: nothing, labels or text
/// are enough; image_statistics: sums over pictures of a class; image_needed: the picture itself; transform:
/// the picture is not added to but changed as a whole; text_editing: the captions are changed too.
enum class Independence : uint8_t { zero_contact, image_statistics, image_needed, transform, text_editing };

/// A: algorithmic, seconds on a CPU; S: surrogates are trained for every data set; G: a generator is trained
/// once, what it makes afterwards costs little.
enum class CostClass : uint8_t { algorithmic, surrogate, generator };

namespace detail {
template <>
struct KindNames<Norm> {
  static constexpr std::string_view what = "norm";
  static constexpr std::array<std::string_view, 4> names = {"linf", "l2", "l0", "none"};
};
template <>
struct KindNames<Independence> {
  static constexpr std::string_view what = "independence class";
  static constexpr std::array<std::string_view, 5> names = {"zero-contact", "image-statistics",
                                                            "image-needed", "transform", "text-editing"};
};
template <>
struct KindNames<CostClass> {
  static constexpr std::string_view what = "cost class";
  static constexpr std::array<std::string_view, 3> names = {"A", "S", "G"};
};
}  // namespace detail

/// What a method needs and promises.
struct MethodCard {
  std::string name;
  bool needs_image = false;
  bool needs_label = false;
  bool needs_text = false;
  Norm norm = Norm::linf;          ///< what `eps` bounds
  float eps = 0;                   ///< linf, l2: in pixel units, 8/255 for 8 steps; l0: pixels; none: 0
  std::string surrogate = "none";  ///< what was trained for it and at which cost; "none" if nothing
  std::string summary;             ///< one sentence
  bool additive = true;            ///< false: a PictureTransform, which no noise folder can hold
  Independence independence = Independence::zero_contact;
  CostClass cost = CostClass::algorithmic;
  Resampler resampler = Resampler::nearest;  ///< how its noise is brought to another size than it was made at

  /// What no |step| of its noise passes: eps for linf, otherwise all that int8 holds.
  int max_steps() const {
    return norm == Norm::linf ? static_cast<int>(std::lround(eps * 255.0f)) : max_eps_steps;
  }
};

/// The card with its choices by name; the resampler only where there is noise.
nlohmann::json to_json(const MethodCard& card);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/method_card.inl.hpp>
#endif
