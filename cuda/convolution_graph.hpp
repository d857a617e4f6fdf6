// The operation graphs that convolutions ask cuDNN for.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include <t2ue/cuda/cudnn_graph.hpp>

namespace t2ue::cuda {

enum class ConvolutionKind : uint8_t { forward, forward_bias, data_gradient, weight_gradient };

/// Everything that a graph depends on. x [n,h,w,c], weights [k,r,s,c], y [n,p,q,k].
struct ConvolutionProblem {
  ConvolutionKind kind = ConvolutionKind::forward;
  DType in = DType::f32;   ///< of the operands
  DType out = DType::f32;  ///< of what is computed: another type for the weight gradient only
  int64_t n = 1, h = 1, w = 1, c = 1, k = 1, r = 1, s = 1, p = 1, q = 1, stride = 1, pad = 0;
  /// Bytes that divide the addresses of x (or dx), the weights (or their gradient), y (or dy) and the bias;
  /// at most 16.
  int64_t x_alignment = 16, weight_alignment = 16, y_alignment = 16, bias_alignment = 16;
  auto operator<=>(const ConvolutionProblem&) const = default;
};

/// The names under which tensors' addresses are given to a plan.
struct ConvolutionIds {
  static constexpr int64_t x = 1, weights = 2, y = 3, bias = 4, without_bias = 5;
};

/// The graph of a problem, not finalised. Error if cuDNN refuses it.
cudnn::Graph convolution_graph(const ConvolutionProblem& problem);

std::string text_of(const ConvolutionProblem& problem);

}  // namespace t2ue::cuda
