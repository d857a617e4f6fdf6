// Fractal maps by the diamond-square algorithm (Fournier, Fussell & Carpenter 1982), and the changes of
// brightness and contrast that follow them: the "plasma" augmentations of TorMentor (Nicolaou et al. 2022),
// which UEraser uses.
#pragma once

#include <cstdint>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/picture_ops.hpp>

namespace t2ue {

/// A fractal map of height x width values in 0..65535: random corners, then midpoints that are their
/// neighbours' mean moved towards a random value by `roughness`^k at the k-th halving, k from 0, roughness in
/// [0,1]. Whole-number arithmetic: the same on every machine.
std::vector<uint16_t> plasma_map(int height, int width, float roughness, Random& random);

/// Adds intensity * (2 m - 1) to every channel in [0,1] pixel units, m in [0,1] from a map of its own,
/// rounded to nearest and clamped.
void plasma_brightness(RgbView picture, float roughness, float intensity, Random& random);

/// Multiplies every channel's distance from mid-grey by 4 m, m in [0,1] from a map of its own, rounded to
/// nearest and clamped.
void plasma_contrast(RgbView picture, float roughness, Random& random);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/plasma.inl.hpp>
#endif
