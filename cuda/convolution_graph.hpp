// The operation graphs that convolutions give to cuDNN.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include <t2ue/core/view.hpp>
#include <t2ue/cuda/cudnn_graph.hpp>

namespace t2ue::cuda {

enum class ConvolutionKind : uint8_t { forward, forward_bias, data_gradient, weight_gradient };

/// Everything that a graph depends on. x [n,h,w,c], weights [k,r,s,c], y [n,p,q,k].
struct ConvolutionProblem {
  ConvolutionKind kind = ConvolutionKind::forward;
  DType type = DType::f32;  ///< of x, the weights, y and their gradients: cuDNN has no engine that mixes them
  int64_t n = 1, h = 1, w = 1, c = 1, k = 1, r = 1, s = 1, p = 1, q = 1, stride = 1, pad = 0;
  /// Bytes that divide the addresses of x (or dx), the weights (or their gradient), y (or dy) and the bias;
  /// at most 16.
  int64_t x_alignment = 16, weight_alignment = 16, y_alignment = 16, bias_alignment = 16;
  auto operator<=>(const ConvolutionProblem&) const = default;
};

/// Bytes that divide a view's address, at most 16.
int64_t alignment_of(const View& view);
/// The problem of these views, of y's type. x or dx [n,h,w,c], weights or their gradient [k,r,s,c], y or dy.
ConvolutionProblem problem_of(ConvolutionKind kind, const View& x, const View& weights, const View& y,
                              int stride, int pad);

/// Into how many equal batches its pictures are split: engines count a tensor's numbers in 32 bits.
int64_t pieces_of(const ConvolutionProblem& problem);

/// The names under which tensors' addresses are given to a plan.
struct ConvolutionIds {
  static constexpr int64_t x = 1, weights = 2, y = 3, bias = 4, without_bias = 5;
};

/// What a problem's engines may do on a GPU with that much memory. `tf32`: whether products of f32 may be
/// rounded to TF32.
cudnn::Limits convolution_limits(const ConvolutionProblem& problem, bool tf32, size_t device_bytes);

/// The graph of a problem, not finalised. Error if cuDNN refuses it.
cudnn::Graph convolution_graph(const ConvolutionProblem& problem);

std::string text_of(const ConvolutionProblem& problem);

}  // namespace t2ue::cuda
