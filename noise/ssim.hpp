// Structural similarity of two pictures.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>

namespace t2ue {

/// SSIM of Wang, Bovik, Sheikh & Simoncelli (2004): Gaussian window of 11x11 pixels with sigma 1.5, K1 =
/// 0.01, K2 = 0.03, dynamic range 255, averaged over all places where the window is within the picture and
/// over red, green and blue; alpha does not count. Along an axis with fewer than 11 pixels the window is as
/// long as the axis. 1 for equal pictures. Error unless the pictures are of the same size and channels.
double ssim(const Image& a, const Image& b);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/ssim.inl.hpp>
#endif
