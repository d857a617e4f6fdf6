// Rewrites convolutions into equal ones whose shapes suit a GPU better.
#pragma once

#include <t2ue/core/view.hpp>
#include <t2ue/cuda/namespace.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Windows side by side, which neither overlap nor leave anything out, as a vision transformer's patches: x
/// [N,P*R,Q*S,C] is [N*P,R,Q,S*C] in memory, seen through windows of one column. Their columns are then
/// copied in whole vectors. For such windows cuDNN has no engine with tensor cores, nor, without padding, for
/// three channels. False, with nothing changed, for other convolutions.
inline bool unfold_patches(View& x, View& w, View& y, int& stride, int pad) {
  const int64_t rows = w.shape[1], columns = w.shape[2], channels = w.shape[3];
  const int64_t down = y.shape[1], across = y.shape[2];
  if (pad != 0 || stride == 1 || stride != rows || stride != columns) return false;
  if (x.shape[1] != down * rows || x.shape[2] != across * columns) return false;
  x.shape = {x.shape[0] * down, rows, across, columns * channels};
  w.shape = {w.shape[0], rows, 1, columns * channels};
  y.shape = {y.shape[0] * down, 1, across, y.shape[3]};
  stride = 1;
  return true;
}

/// Whether windows are of one pixel each: a matrix product as it is, which writes f32 weight gradients and
/// adds to what there is without another pass. Not of a single channel, of which cuDNN knows more.
inline bool is_product(const View& w, int stride, int pad) {
  return w.shape[1] == 1 && w.shape[2] == 1 && stride == 1 && pad == 0 && w.shape[0] > 1 && w.shape[3] > 1;
}

/// Whether a convolution is a matrix product, with no need of cuDNN: patches, which are unfolded then, and
/// windows of one pixel.
inline bool becomes_product(View& x, View& w, View& y, int& stride, int pad) {
  return unfold_patches(x, w, y, stride, pad) || is_product(w, stride, pad);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
