// What an op costs: FLOPs of its products, and the bytes that its kernels move, from its arguments.
#pragma once

#include <vector>

#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/convolution_shapes.hpp>

namespace t2ue::benchmarks {

inline double bytes_of(const View& view) {
  return view ? static_cast<double>(view.elements()) * static_cast<double>(size_of(view.dtype)) : 0.0;
}

/// One kernel: arithmetic of tensor cores, and memory it moves.
struct Work {
  double flops = 0, bytes = 0;
};
/// What one launch costs. `least`: every tensor moved once and nothing kept in between; `kernels`: what
/// cuda/ops does, one after the other.
struct Cost {
  double least = 0;
  std::vector<Work> kernels;
};

/// 2*M*N*K for y [M,N] and w [N,K], or [N,R,S,C] of a convolution.
inline double products(const View& y, const View& w) {
  return 2.0 * static_cast<double>(y.shape.rows()) * static_cast<double>(w.elements());
}
/// Of one product of all queries with all keys.
inline double scores(const View& qkv, bool causal) {
  const auto tokens = static_cast<double>(qkv.shape[1]), all = static_cast<double>(qkv.elements()) / 3;
  return 2.0 * all * tokens * (causal ? 0.5 : 1.0);
}

/// Whatever moves every tensor once.
template <class Args>
inline Cost cost(const Args&, double once) {
  return {once, {{0, once}}};
}
inline Cost cost(const LinearArgs& a, double once) {
  const double product = products(a.y, a.w), y = bytes_of(a.y), pre = bytes_of(a.pre);
  if (a.activation == Activation::none) return {once, {{product, once}}};
  // The activation is a pass of its own over the product, which waits in `pre` or in y.
  if (a.pre) return {once, {{product, once - y}, {0, (a.b ? 2 : 1) * pre + y}}};
  return {once, {{product, once}, {0, 2 * y}}};
}
inline Cost cost(const LinearGradArgs& a, double once) {
  const double dy = bytes_of(a.dy), dpre = bytes_of(a.dpre);
  Cost c{once - dpre, {}};
  if (a.dpre || a.db) c.kernels.push_back({0, dy + bytes_of(a.saved) + dpre});
  if (a.dx) c.kernels.push_back({products(a.dy, a.w), dy + bytes_of(a.w) + bytes_of(a.dx)});
  if (a.dw) c.kernels.push_back({products(a.dy, a.dw), dy + bytes_of(a.x) + bytes_of(a.dw)});
  return c;
}
/// Whether a convolution's windows are laid out as columns before they are multiplied.
inline bool takes_columns(View x, View w, View y, int stride, int pad) {
  return cuda::unfold_patches(x, w, y, stride, pad);
}
inline Cost cost(const Conv2dArgs& a, double once) {
  Cost c{once, {{products(a.y, a.w), once}}};
  if (takes_columns(a.x, a.w, a.y, a.stride, a.pad)) c.kernels.push_back({0, 2 * bytes_of(a.x)});
  return c;
}
inline Cost cost(const Conv2dGradArgs& a, double once) {
  const double dy = bytes_of(a.dy);
  const bool columns = takes_columns(a.x, a.w, a.dy, a.stride, a.pad);
  Cost c{once, {}};
  if (a.dx) c.kernels.push_back({products(a.dy, a.w), dy + bytes_of(a.w) + bytes_of(a.dx)});
  if (a.dx && columns)
    c.kernels.push_back({0, 8.0 * static_cast<double>(a.dx.elements())});  // f32, written and read
  // Computed apart, then added, unless a matrix product adds it.
  if (a.dx && a.dx.accumulate && !cuda::is_product(a.w, a.stride, a.pad))
    c.kernels.push_back({0, 3 * bytes_of(a.dx)});
  if (a.dw) c.kernels.push_back({products(a.dy, a.dw), dy + bytes_of(a.x) + bytes_of(a.dw)});
  if (a.dw && columns) c.kernels.push_back({0, 2 * bytes_of(a.x)});
  if (a.db) c.kernels.push_back({0, dy});
  return c;
}
inline Cost cost(const AttentionArgs& a, double once) {
  return {once, {{2 * scores(a.qkv, a.causal), once}}};
}
inline Cost cost(const AttentionGradArgs& a, double once) {
  return {once, {{5 * scores(a.qkv, a.causal), once}}};
}
/// Statistics first, which is a pass over x.
template <class Args>
inline Cost cost_of_norm(const Args& a, double once) {
  return {once, {{0, a.training ? bytes_of(a.x) : 0}, {0, once}}};
}
inline Cost cost(const BatchNormArgs& a, double once) {
  return cost_of_norm(a, once);
}
inline Cost cost(const UpsampleSscbnReluArgs& a, double once) {
  return cost_of_norm(a, once);
}
/// A pass that sums, and one that reads the same again and writes.
inline Cost cost(const BatchNormGradArgs& a, double once) {
  const double reads =
      bytes_of(a.x) + bytes_of(a.dy) + (a.activation != Activation::none ? bytes_of(a.y) : 0);
  if (!a.dx) return {once, {{0, once}}};
  return {once, {{0, reads}, {0, once}}};
}
inline Cost cost(const UpsampleSscbnReluGradArgs& a, double once) {
  const double x = bytes_of(a.x), dy = bytes_of(a.dy), mask = bytes_of(a.mask), dx = bytes_of(a.dx),
               dnorm = a.up > 1 && a.dx ? bytes_of(a.dnorm) : 0;
  const double least = once - bytes_of(a.y) - bytes_of(a.dnorm);  // y's sign is computed again
  const double sums = x + dy + mask + bytes_of(a.dmask) + dnorm;
  if (!a.dx) return {least, {{0, sums}}};
  return {least, {{0, sums}, {0, x + dx + (a.up > 1 ? dnorm : dy + mask)}}};
}
/// Of all logits, which pass through a tile.
inline double bytes_of_logits(const View& tile) {
  return bytes_of(tile) * static_cast<double>(tile.shape[1]) / static_cast<double>(tile.shape[0]);
}
inline Cost cost(const InfoNceArgs& a, double once) {
  const double least = once - bytes_of(a.tile), logits = bytes_of_logits(a.tile);
  return {least, {{products(a.image, a.text), least + logits}, {0, logits}, {0, logits}}};
}
inline Cost cost(const InfoNceGradArgs& a, double once) {
  const double least = once - bytes_of(a.tile), logits = bytes_of_logits(a.tile),
               product = products(a.image, a.text);
  return {least, {{product, logits}, {0, least + 2 * logits}, {2 * product, 2 * logits}}};
}
/// The rows of the table that are used.
inline Cost cost(const EmbeddingArgs& a, double once) {
  const double rows = once - bytes_of(a.table) + bytes_of(a.y);
  return {rows, {{0, rows}}};
}
inline Cost cost(const GatherTokenArgs& a, double once) {
  const double rows = once - bytes_of(a.x) + bytes_of(a.y);
  return {rows, {{0, rows}}};
}

/// FLOPs of a launch's products.
template <class Args>
double flops(const Args& args) {
  double sum = 0;
  for (const Work& work : cost(args, 0.0).kernels) sum += work.flops;
  return sum;
}

}  // namespace t2ue::benchmarks
