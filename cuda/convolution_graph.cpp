#include <t2ue/cuda/convolution_graph.hpp>

#include <algorithm>
#include <limits>

namespace t2ue::cuda {

int64_t alignment_of(const View& view) {
  const uintptr_t bits = reinterpret_cast<uintptr_t>(view.data) | 16;
  return static_cast<int64_t>(bits & ~(bits - 1));
}

ConvolutionProblem problem_of(ConvolutionKind kind, const View& x, const View& weights, const View& y,
                              int stride, int pad) {
  const Shape &xs = x.shape, &ws = weights.shape, &ys = y.shape;
  ConvolutionProblem problem;
  problem.kind = kind;
  problem.type = y.dtype;
  problem.n = xs[0], problem.h = xs[1], problem.w = xs[2], problem.c = xs[3];
  problem.k = ws[0], problem.r = ws[1], problem.s = ws[2];
  problem.p = ys[1], problem.q = ys[2];
  problem.stride = stride, problem.pad = pad;
  problem.x_alignment = alignment_of(x);
  problem.weight_alignment = alignment_of(weights);
  problem.y_alignment = alignment_of(y);
  return problem;
}

int64_t pieces_of(const ConvolutionProblem& p) {
  const int64_t picture = std::max(p.h * p.w * p.c, p.p * p.q * p.k);
  const int64_t most = std::max<int64_t>(1, std::numeric_limits<int32_t>::max() / picture);
  int64_t pieces = (p.n + most - 1) / most;
  while (p.n % pieces != 0) ++pieces;
  return pieces;
}

cudnn::Limits convolution_limits(const ConvolutionProblem& problem, bool tf32, size_t device_bytes) {
  // Engines pad channels that are no multiple of 8 in their workspace, which takes as much as the tensors do.
  constexpr size_t parts = 16, least = size_t{512} << 20;
  return {.tensor_cores = problem.type != DType::f32 || tf32,
          .workspace = static_cast<int64_t>(std::max(device_bytes / parts, least))};
}

cudnn::Graph convolution_graph(const ConvolutionProblem& problem) {
  using Ids = ConvolutionIds;
  const ConvolutionProblem& p = problem;
  const cudnn::TensorFacts x{Ids::x, p.type, {p.n, p.c, p.h, p.w}, p.x_alignment, false};
  const cudnn::TensorFacts w{Ids::weights, p.type, {p.k, p.c, p.r, p.s}, p.weight_alignment, false};
  const cudnn::TensorFacts y{Ids::y, p.type, {p.n, p.k, p.p, p.q}, p.y_alignment, false};
  const cudnn::Window window{p.stride, p.pad};
  cudnn::Graph graph;
  switch (p.kind) {
    case ConvolutionKind::forward:
      graph.convolution(x, w, y, window);
      break;
    case ConvolutionKind::forward_bias: {
      cudnn::TensorFacts before = y;
      before.id = Ids::without_bias, before.type = DType::f32, before.alignment = 16;
      before.intermediate = true;
      graph.convolution(x, w, before, window);
      graph.add(before, {Ids::bias, DType::f32, {1, p.k, 1, 1}, p.bias_alignment, false}, y);
      break;
    }
    case ConvolutionKind::data_gradient:
      graph.data_gradient(y, w, x, window);
      break;
    case ConvolutionKind::weight_gradient:
      graph.weight_gradient(x, y, w, window);
      break;
  }
  return graph;
}

std::string text_of(const ConvolutionProblem& p) {
  constexpr const char* names[] = {"conv2d", "conv2d with bias", "conv2d data gradient",
                                   "conv2d weight gradient"};
  return concat(names[static_cast<size_t>(p.kind)], " ", name_of(p.type), ", x [", p.n, ",", p.h, ",", p.w,
                ",", p.c, "], w [", p.k, ",", p.r, ",", p.s, ",", p.c, "], stride ", p.stride, ", pad ",
                p.pad);
}

}  // namespace t2ue::cuda
