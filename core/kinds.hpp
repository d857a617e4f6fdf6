// Enumerations that ops, models, files and recipes share, with their names as text.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/error.hpp>

namespace t2ue {

/// Point-wise non-linearities. quick_gelu is x*sigmoid(1.702x), gelu the exact (erf) one, leaky_relu has
/// slope 0.2.
enum class Activation : uint8_t { none, relu, leaky_relu, gelu, quick_gelu, tanh, sigmoid };
/// How a perturbation is kept within eps: eps*tanh(x), or tanh(x) cut at eps (the authors' code), or as it
/// is.
enum class Limiter : uint8_t { none, tanh_scale, clamp };
/// How pictures change size. nearest is PyTorch's (output i reads input i*in/out), bilinear samples at pixel
/// centres, area averages, tile repeats the input. bicubic samples at pixel centres with the kernel of Keys
/// (1981) and a = -0.75, edges repeated, no smoothing before it: PyTorch's, with align_corners and antialias
/// off. It overshoots; none of the others exceeds the input's range.
enum class Resampler : uint8_t { nearest, bilinear, area, tile, bicubic };
enum class Pooling : uint8_t { average, max };
/// What a step computes in. tf32: f32 with matrix products of 10-bit mantissas. bf16: activations and weights
/// in bf16; sums, statistics, losses, gradients of parameters and the weights that are updated stay f32.
enum class Precision : uint8_t { fp32, tf32, bf16 };

namespace detail {
template <class Kind>
struct KindNames;
template <>
struct KindNames<Activation> {
  static constexpr std::string_view what = "activation";
  static constexpr std::array<std::string_view, 7> names = {"none",       "relu", "leaky_relu", "gelu",
                                                            "quick_gelu", "tanh", "sigmoid"};
};
template <>
struct KindNames<Limiter> {
  static constexpr std::string_view what = "limiter";
  static constexpr std::array<std::string_view, 3> names = {"none", "tanh_scale", "clamp"};
};
template <>
struct KindNames<Resampler> {
  static constexpr std::string_view what = "resampler";
  static constexpr std::array<std::string_view, 5> names = {"nearest", "bilinear", "area", "tile", "bicubic"};
};
template <>
struct KindNames<Precision> {
  static constexpr std::string_view what = "precision";
  static constexpr std::array<std::string_view, 3> names = {"fp32", "tf32", "bf16"};
};
}  // namespace detail

/// The name by which files and recipes call a choice.
template <class Kind>
constexpr std::string_view name_of(Kind kind) {
  return detail::KindNames<Kind>::names[static_cast<size_t>(kind)];
}

/// The names of all choices.
template <class Kind>
std::vector<std::string> kind_names() {
  const auto& names = detail::KindNames<Kind>::names;
  return {names.begin(), names.end()};
}
/// Those of some.
template <class Kind>
std::vector<std::string> kind_names(std::initializer_list<Kind> kinds) {
  std::vector<std::string> names;
  for (const Kind kind : kinds) names.emplace_back(name_of(kind));
  return names;
}

/// The choice called `name`; Error listing the choices if there is none.
template <class Kind>
Kind kind_named(std::string_view name) {
  const auto& names = detail::KindNames<Kind>::names;
  std::string known;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Kind>(i);
    known += (i ? ", " : "") + std::string(names[i]);
  }
  fail(detail::KindNames<Kind>::what, "unknown name '", name, "'; one of: ", known);
}

/// Error unless what `resampler` makes of a noise stays within the noise's own range, and so within eps.
inline void check_noise_resampler(std::string_view where, Resampler resampler) {
  check(resampler != Resampler::bicubic, where,
        "bicubic overshoots, so that a noise would pass its eps; use nearest, bilinear, area or tile");
}

}  // namespace t2ue
