// Single changes of 8-bit pictures. Augmentation policies are made of these.
#pragma once

#include <cstdint>
#include <span>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// An RGB picture in someone else's memory: height * width * 3 bytes, rows top to bottom, channels
/// interleaved.
struct RgbView {
  std::span<uint8_t> pixels;
  int height = 0;
  int width = 0;
};

/// The operations of AutoAugment (Cubuk et al. 2019, table 6), as the Python Imaging Library defines them,
/// and what `magnitude` is to each.
enum class PictureOp : uint8_t {
  identity,      ///< nothing
  shear_x,       ///< output (x, y) reads (x + magnitude * y, y)
  shear_y,       ///< output (x, y) reads (x, y + magnitude * x)
  translate_x,   ///< output (x, y) reads (x + magnitude, y): whole pixels, any fraction is cut off
  translate_y,   ///< the same downwards
  rotate,        ///< counter-clockwise around the centre by so many degrees
  brightness,    ///< factor: 0 black, 1 the picture, more is brighter
  color,         ///< factor: 0 grey (ITU-R BT.601 luma), 1 the picture
  contrast,      ///< factor: 0 a picture of the mean grey, 1 the picture
  sharpness,     ///< factor: 0 smoothed by a 3x3 kernel, 1 the picture
  posterize,     ///< keeps so many bits of each value, 0..8
  solarize,      ///< values not below it are inverted
  autocontrast,  ///< each channel is spread over 0..255; no magnitude
  equalize,      ///< each channel's histogram is made flat; no magnitude
  invert         ///< x -> 255 - x; no magnitude
};

/// What pixels from outside the picture are: mid-grey, close to the mean picture that the CIFAR policies were
/// searched with (torchvision's default is black).
inline constexpr uint8_t outside_grey = 128;

/// Changes a picture in place; the same bits on every machine. Geometry is nearest-neighbour in 16.16 fixed
/// point. Factors blend in float as the Python Imaging Library does; `autocontrast` divides exactly where
/// that rounds, so that a value may be one higher here. Error if the picture has no pixel or other than
/// height * width * 3 bytes.
void apply_picture_op(RgbView picture, PictureOp op, float magnitude);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/picture_ops.inl.hpp>
#endif
