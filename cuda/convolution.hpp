// Convolutions by cuDNN, NHWC. A function returns false for what cuDNN does not take, and the caller uses
// columns and gemm instead.
#pragma once

#include <string>
#include <vector>

#include <t2ue/core/kernels.hpp>
#include <t2ue/cuda/namespace.hpp>

namespace t2ue::T2UE_CUDA_NAMESPACE {

/// Whether cuDNN computed y, bias included. False, with nothing written, where it has no engine for the
/// sizes. x, w, y share a type, f32 or bf16; b is f32 or absent.
bool cudnn_conv2d(const Conv2dArgs& args, Stream stream);

/// Which of the asked-for gradients cuDNN computed; the caller computes the others.
struct ConvolutionGradients {
  bool dx = false, dw = false;
};
/// dx (the type of dy) and dw (f32), as far as they are asked for. The bias gradient, a plain sum over the
/// rows of dy, is left to the caller.
ConvolutionGradients cudnn_conv2d_grad(const Conv2dGradArgs& args, Stream stream);

/// One line for each convolution met so far: its sizes, and the engine that was chosen, with its time where
/// it was timed, or why cuDNN declined.
std::vector<std::string> describe_convolutions();

}  // namespace t2ue::T2UE_CUDA_NAMESPACE
